//! Courses made of exercises that exist elsewhere.

pub mod rustlings;
