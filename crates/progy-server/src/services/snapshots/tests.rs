mod damage;
mod laptop;
mod saves;
mod strategies;

use laptop::Laptop;

use super::*;
