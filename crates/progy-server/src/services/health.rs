//! Whether the server can work.

use super::Services;
use crate::Result;

impl Services {
    /// Asks both ports; an error says that one of them does not answer.
    pub async fn ready(&self) -> Result<()> {
        self.db.ping().await?;
        self.objects.ping().await?;
        Ok(())
    }
}
