mod damage;
mod fsck;
mod interleaved;
mod laptop;
mod saves;
mod strategies;
mod sweeping;

use laptop::Laptop;

use super::*;
