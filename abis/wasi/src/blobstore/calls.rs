//! `blobstore`: containers as wholes, and objects between them.

use std::sync::Arc;

use holm_services::blob::{BlobError, Container as Store, copy, rename};
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};

use super::container::Container;
use super::{Answer, ObjectId, answer, granted, refused};
use crate::parts::Whose;
use crate::services::Services;
use crate::state::State;

pub(super) fn link(instance: &mut LinkerInstance<'_, State>, whose: Whose) -> wasmtime::Result<()> {
    instance.func_wrap_async("create-container", move |state, (name,): (String,)| {
        Box::new(open(state, name, true, whose))
    })?;
    instance
        .func_wrap_async("get-container", move |state, (name,): (String,)| Box::new(open(state, name, false, whose)))?;
    instance.func_wrap_async("delete-container", move |state: StoreContextMut<'_, State>, (name,): (String,)| {
        Box::new(async move {
            match granted(state.data().services_of(whose), &name) {
                Ok(containers) => answer(containers.delete(&name).await),
                Err(why) => refused(why),
            }
        })
    })?;
    instance.func_wrap_async("container-exists", move |state: StoreContextMut<'_, State>, (name,): (String,)| {
        Box::new(async move {
            match granted(state.data().services_of(whose), &name) {
                Ok(containers) => answer(containers.open(&name).await.map(|found| found.is_some())),
                Err(why) => refused(why),
            }
        })
    })?;
    instance.func_wrap_async(
        "copy-object",
        move |state: StoreContextMut<'_, State>, (from, to): (ObjectId, ObjectId)| {
            Box::new(async move {
                match both(&Arc::clone(state.data().services_of(whose)), &from, &to).await? {
                    (Ok((source, target)),) => answer(copy(&*source, &from.object, &*target, &to.object).await),
                    (Err(why),) => refused(why),
                }
            })
        },
    )?;
    instance.func_wrap_async(
        "move-object",
        move |state: StoreContextMut<'_, State>, (from, to): (ObjectId, ObjectId)| {
            Box::new(async move {
                match both(&Arc::clone(state.data().services_of(whose)), &from, &to).await? {
                    (Ok((source, target)),) => answer(rename(&*source, &from.object, &*target, &to.object).await),
                    (Err(why),) => refused(why),
                }
            })
        },
    )
}

async fn open(
    mut state: StoreContextMut<'_, State>,
    name: String,
    must_be_new: bool,
    whose: Whose,
) -> wasmtime::Result<Answer<Resource<Container>>> {
    let containers = match granted(state.data().services_of(whose), &name) {
        Ok(containers) => containers,
        Err(why) => return refused(why),
    };
    match containers.create(&name).await {
        Ok((_, false)) if must_be_new => refused(format!("there is a container `{name}` already")),
        Ok((container, _)) => Ok((Ok(state.data_mut().table.push(Container(container))?),)),
        Err(error) => answer(Err(error)),
    }
}

type Pair = (Arc<dyn Store>, Arc<dyn Store>);

/// The containers of both objects, neither of which is created.
async fn both(services: &Services, from: &ObjectId, to: &ObjectId) -> wasmtime::Result<Answer<Pair>> {
    // Both are asked for, so that an audit names both.
    let (source, target) = (granted(services, &from.container), granted(services, &to.container));
    let (source, target) = match (source, target) {
        (Ok(source), Ok(target)) => (source, target),
        (Err(why), _) | (_, Err(why)) => return refused(why),
    };
    let opened = async {
        let none = |name: &String| BlobError::NoContainer { name: name.clone() };
        let source = source.open(&from.container).await?.ok_or_else(|| none(&from.container))?;
        let target = target.open(&to.container).await?.ok_or_else(|| none(&to.container))?;
        Ok((source, target))
    };
    answer(opened.await)
}
