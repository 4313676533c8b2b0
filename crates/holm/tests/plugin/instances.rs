use std::time::Duration;

use holm::{Instances, Kind, Limits};

use crate::support::plugin;

#[test]
fn a_fresh_instance_for_each_call_has_nothing_left_behind() {
    let plugin = plugin().0.load().unwrap();
    for _ in 0..3 {
        assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    }
}

#[test]
fn a_session_keeps_its_instance_until_it_fails() {
    let plugin = plugin().0.load().unwrap();
    let (mut mine, mut yours) = (plugin.session(), plugin.session());
    for counted in 1..=3 {
        assert_eq!(mine.call::<u32>("count", ()).unwrap(), counted);
    }
    assert_eq!(yours.call::<u32>("count", ()).unwrap(), 1);
    assert_eq!(mine.instances(), 1);
    mine.call::<()>("trap", ()).unwrap_err();
    assert_eq!(mine.call::<u32>("count", ()).unwrap(), 1);
    assert_eq!((mine.instances(), yours.instances()), (2, 1));
    assert_eq!(yours.call::<u32>("count", ()).unwrap(), 2);
}

#[test]
fn a_mistake_of_the_caller_does_not_end_a_session() {
    let mut session = plugin().0.load().unwrap().session();
    session.call::<u32>("count", ()).unwrap();
    session.call::<u32>("count", 1).unwrap_err();
    session.call::<u32>("cuont", ()).unwrap_err();
    assert_eq!(session.call::<String>("find", "taste").unwrap_err().kind(), Kind::Failed);
    assert_eq!(session.call::<u32>("count", ()).unwrap(), 2);
}

#[test]
fn a_pool_has_as_many_instances_as_it_may_and_calls_wait_for_them() {
    let plugin = plugin().0.instances(Instances::Pooled { most: 2 }).load().unwrap();
    let counted: u32 = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    plugin.call::<()>("wait", 10_u32).unwrap();
                    plugin.call::<u32>("count", ()).unwrap()
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).max().unwrap()
    });
    assert!(counted >= 4, "eight calls on two instances, and none was asked more than {counted} times");
}

#[test]
fn who_waits_for_an_instance_longer_than_a_call_may_take_is_told() {
    let limits = Limits::new().wall(Duration::from_millis(300));
    let plugin = plugin().0.instances(Instances::Pooled { most: 1 }).limits(limits).load().unwrap();
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| plugin.call::<()>("wait", 60_000_u32).unwrap_err().kind());
        std::thread::sleep(Duration::from_millis(50));
        // The first has its 300 ms and a little; the second gives up in time, or comes in and is ended like it.
        let kind = plugin.call::<()>("wait", 60_000_u32).unwrap_err().kind();
        assert!(matches!(kind, Kind::HostFull | Kind::OutOfTime), "{kind:?}");
        assert_eq!(busy.join().unwrap(), Kind::OutOfTime);
    });
}
