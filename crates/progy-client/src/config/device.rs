//! Who this device is.

use progy_core::{DeviceId, DeviceName};

use super::{ConfigError, Home};
use crate::env::Env;
use crate::platform;

const FILE: &str = "device-id";

impl Home {
    /// This installation's id, made when it is first asked for.
    ///
    /// Two processes that ask at the same time get the same one.
    pub fn device_id(&self, env: &(impl Env + ?Sized)) -> Result<DeviceId, ConfigError> {
        if let Some(id) = self.known_device_id()? {
            return Ok(id);
        }
        let id = env.save_id();
        self.write_new(FILE, &format!("{id}\n"))?;
        // Whoever was first has decided.
        match self.known_device_id()? {
            Some(id) => Ok(id),
            None => Err(self.damaged(FILE, "it has disappeared")),
        }
    }

    fn known_device_id(&self) -> Result<Option<DeviceId>, ConfigError> {
        let Some(text) = self.read(FILE)? else { return Ok(None) };
        match DeviceId::new(text.trim()) {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(self.damaged(FILE, error.to_string())),
        }
    }

    /// What to call this device: `PROGY_DEVICE_NAME`, else as set, else after its host name.
    pub fn device_name(&self) -> Result<DeviceName, ConfigError> {
        if let Some(name) = self.variables.get("PROGY_DEVICE_NAME") {
            return Ok(DeviceName::from_any(name));
        }
        if let Some(name) = self.settings()?.device_name {
            return Ok(name);
        }
        let host = platform::host_name(&self.variables);
        Ok(DeviceName::from_any(host.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{Setting, Variables};
    use crate::env::SystemEnv;

    #[test]
    fn all_who_ask_get_the_same_id() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path().join("new"), Variables::default());
        let ids: BTreeSet<DeviceId> = std::thread::scope(|scope| {
            let ask = || home.device_id(&SystemEnv).unwrap();
            let asking: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 1);
        assert_eq!(Some(home.device_id(&SystemEnv).unwrap()), ids.into_iter().next());
        let files: Vec<_> = std::fs::read_dir(home.dir()).unwrap().collect();
        assert_eq!(files.len(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_damaged_id_is_not_replaced() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        for text in ["", "xyz"] {
            std::fs::write(at.path().join(FILE), text).unwrap();
            assert!(matches!(home.device_id(&SystemEnv), Err(ConfigError::Damaged { .. })));
            assert_eq!(std::fs::read_to_string(at.path().join(FILE)).unwrap(), text);
        }
    }

    #[test]
    fn names() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        assert!(!home.device_name().unwrap().as_str().is_empty());
        home.set(Setting::DeviceName, Some("desk")).unwrap();
        assert_eq!(home.device_name().unwrap().as_str(), "desk");
        let variables = Variables::from_iter([("PROGY_DEVICE_NAME", "my lap")]);
        let home = Home::with_variables(at.path(), variables);
        assert_eq!(home.device_name().unwrap().as_str(), "my-lap");
    }
}
