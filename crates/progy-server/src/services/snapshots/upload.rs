//! Packs on their way in.
//!
//! A pack is numbered, its bytes go to the object of that number while they are hashed, every blob is
//! read back and checked, and only then its blobs are found. What stops on the way leaves a number and
//! perhaps an object, which are removed after a day.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use progy_api::account::User;
use progy_api::limits;
use progy_api::snapshot::PackAnswer;
use progy_core::CourseId;
use progy_snapshot::pack::{Index, PackId};

use super::checking::{self, Flaw};
use super::packs::{PackFile, key};
use crate::ports::database::UserId;
use crate::ports::database::snapshots::{NewPack, PackNumber, PackOutcome, PackRow, StoreId};
use crate::ports::objects::{ByteStream, ObjectKey};
use crate::services::Services;
use crate::{Result, ServiceError};

/// A pack that has arrived and is not checked yet.
#[derive(Debug)]
pub struct Arrived {
    store: StoreId,
    number: PackNumber,
    name: PackId,
    size: u64,
}

/// What became of the first half of an upload.
#[derive(Debug)]
pub enum Upload {
    /// The pack was there already.
    Known(PackAnswer),
    /// Now it has to be checked: [`Services::take_pack`].
    Arrived(Arrived),
}

impl Services {
    /// Stores the bytes of a pack. Takes as long as they take to come.
    pub async fn receive_pack(
        &self,
        user: &User,
        course: &CourseId,
        name: PackId,
        body: ByteStream,
    ) -> Result<Upload> {
        self.db.course(course).await?.ok_or(ServiceError::NoCourse)?;
        let user = UserId(user.id.clone());
        let store = self.own_store(&user).await?.id;
        if let Some(row) = self.db.touch_pack(store, &name, self.clock.now()).await? {
            let key = key(store, row.number)?;
            if self.objects.size(&key).await? == Some(row.size) {
                // Read to its end, or who sends it does not get to see the answer.
                body.for_each(async |_| ()).await;
            } else {
                tracing::error!(%key, "a pack was missing or cut short, and is sent again");
                self.put_pack(&key, name, body).await?;
            }
            return answer(&row).map(Upload::Known);
        }
        let (used, quota) = (self.db.packed(&user).await?, self.limits.packs);
        if used >= quota {
            return Err(ServiceError::QuotaExceeded { used, needed: 1, quota });
        }
        let number = self.db.begin_pack(store, self.clock.now()).await?;
        match self.put_pack(&key(store, number)?, name, body).await {
            Ok(size) => Ok(Upload::Arrived(Arrived { store, number, name, size })),
            Err(error) => {
                self.db.give_up_pack(number, self.clock.now()).await?;
                Err(error)
            }
        }
    }

    /// Stores a body as this object, if it is the pack of that name; gives its size.
    async fn put_pack(&self, key: &ObjectKey, name: PackId, body: ByteStream) -> Result<u64> {
        let other = Arc::new(AtomicBool::new(false));
        let body = hashed(body, name, Arc::clone(&other));
        self.objects.put(key, body).await.map_err(|error| {
            if other.load(Ordering::Relaxed) {
                let why = format!("the body is not the pack {name}, or over the limit");
                return ServiceError::WrongPack(why);
            }
            error.into()
        })
    }

    /// Checks a pack that has arrived; from then on its blobs are there.
    pub async fn take_pack(&self, arrived: Arrived) -> Result<PackAnswer> {
        let Arrived { store, number, name, size } = arrived;
        let key = key(store, number)?;
        let checked = match checking::tail(&*self.objects, &key, size).await? {
            Ok((tail, index)) => {
                let checked = checking::check(&*self.objects, &key, &index).await?;
                checked.map(|()| (tail, index))
            }
            Err(flaw) => Err(flaw),
        };
        let (tail, index) = match checked {
            Ok(checked) => checked,
            Err(flaw) => {
                self.put_away(store, number).await?;
                return Err(match flaw {
                    Flaw::Absent => ServiceError::internal(format!("{key}: {flaw}")),
                    Flaw::NotAPack(_) | Flaw::Damaged(_) => {
                        ServiceError::WrongPack(flaw.to_string())
                    }
                });
            }
        };
        let blobs = u32::try_from(index.blobs().len()).unwrap_or(u32::MAX);
        let new = new_pack(number, name, size, &tail, &index, self.clock.now());
        match self.db.add_pack(new, self.limits.packs).await? {
            PackOutcome::Added => {}
            PackOutcome::Known => self.put_away(store, number).await?,
            PackOutcome::GivenUp => {
                // Its row may be forgotten already: nobody else would look for the object.
                self.put_away(store, number).await?;
                return Err(ServiceError::Unavailable(None));
            }
            PackOutcome::QuotaExceeded { used } => {
                self.put_away(store, number).await?;
                let quota = self.limits.packs;
                return Err(ServiceError::QuotaExceeded { used, needed: size, quota });
            }
        }
        Ok(PackAnswer { blobs, bytes: size })
    }

    /// Removes a pack whose blobs are not found, at once rather than after a day.
    async fn put_away(&self, store: StoreId, number: PackNumber) -> Result<()> {
        self.db.give_up_pack(number, self.clock.now()).await?;
        self.objects.delete(&key(store, number)?).await?;
        Ok(self.db.forget_packs(&[number]).await?)
    }
}

/// What is written down of a pack.
pub(super) fn new_pack(
    number: PackNumber,
    name: PackId,
    size: u64,
    tail: &Bytes,
    index: &Index,
    now: progy_core::Timestamp,
) -> NewPack {
    let blobs = index.blobs().iter().map(|blob| (blob.id, blob.len)).collect();
    NewPack { number, name, size, tail: tail.to_vec(), blobs, now }
}

fn answer(row: &PackRow) -> Result<PackAnswer> {
    let blobs = PackFile::of(row)?.index.blobs().len();
    Ok(PackAnswer { blobs: u32::try_from(blobs).unwrap_or(u32::MAX), bytes: row.size })
}

/// What `body` yields, which fails at its end if it is not the pack of that name: then nothing is kept,
/// and `other` says so.
fn hashed(body: ByteStream, name: PackId, other: Arc<AtomicBool>) -> ByteStream {
    let state = Some((body, blake3::Hasher::new(), 0_u64));
    stream::try_unfold(state, move |state| {
        let other = Arc::clone(&other);
        async move {
            let Some((mut body, mut hasher, mut size)) = state else { return Ok(None) };
            let refuse = || {
                other.store(true, Ordering::Relaxed);
                Err(io::Error::from(io::ErrorKind::InvalidData))
            };
            match body.try_next().await? {
                Some(bytes) => {
                    hasher.update(&bytes);
                    size += bytes.len() as u64;
                    if size > limits::PACK {
                        refuse()
                    } else {
                        Ok(Some((bytes, Some((body, hasher, size)))))
                    }
                }
                None if hasher.finalize().as_bytes() == name.as_bytes() => Ok(None),
                None => refuse(),
            }
        }
    })
    .boxed()
}
