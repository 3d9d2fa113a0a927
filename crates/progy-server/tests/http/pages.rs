//! The pages, as a browser without scripts gets them.

mod browser;
mod forms;
mod headers;
mod journeys;
