use super::{BlobError, Container};

/// Copies the object `name` of `from` to the object `new` of `to`, in place of what is there.
///
/// # Errors
/// [`BlobError::NoObject`], and those of the writer. What was there before then stays.
pub async fn copy(from: &dyn Container, name: &str, to: &dyn Container, new: &str) -> Result<(), BlobError> {
    let mut reader = from.read(name, 0, u64::MAX).await?;
    let mut writer = to.write(new).await?;
    while let Some(piece) = reader.next().await? {
        writer.write(piece).await?;
    }
    writer.finish().await
}

/// Moves an object, as [`copy`] and then deleting it: whoever looks in between, and who is killed there, finds both.
///
/// # Errors
/// As for [`copy`].
pub async fn rename(from: &dyn Container, name: &str, to: &dyn Container, new: &str) -> Result<(), BlobError> {
    if from.name() == to.name() && name == new {
        let found = from.info(name).await?;
        return found.map(drop).ok_or_else(|| BlobError::NoObject { name: name.to_owned() });
    }
    copy(from, name, to, new).await?;
    from.delete(vec![name.to_owned()]).await
}
