mod damage;
mod fsck;
mod laptop;
mod saves;
mod strategies;
mod sweeping;

use laptop::Laptop;

use super::*;
