//! What each function of the host answers where a guest asks for what is not there, is not allowed, or is not its own.
//! The SDK hides these numbers, so the functions are declared here once more.

use proxy_wasm::traits::HttpContext as _;
use proxy_wasm::types::Action;

use crate::stream::Kit;

#[link(wasm_import_module = "env")]
#[rustfmt::skip]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_property(path: *const u8, size: usize, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_get_header_map_value(map: u32, key: *const u8, size: usize, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, pairs: *const u8, size: usize) -> u32;
    fn proxy_add_header_map_value(map: u32, key: *const u8, size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_replace_header_map_value(map: u32, key: *const u8, size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, size: usize) -> u32;
    fn proxy_get_buffer_bytes(buffer: u32, start: usize, length: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_buffer_bytes(buffer: u32, start: usize, length: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_shared_data(key: *const u8, size: usize, value: *mut *mut u8, value_size: *mut usize, cas: *mut u32) -> u32;
    fn proxy_set_shared_data(key: *const u8, size: usize, value: *const u8, value_size: usize, cas: u32) -> u32;
    fn proxy_resolve_shared_queue(vm: *const u8, vm_size: usize, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_dequeue_shared_queue(id: u32, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_enqueue_shared_queue(id: u32, value: *const u8, size: usize) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_http_call(
        upstream: *const u8, upstream_size: usize, headers: *const u8, headers_size: usize, body: *const u8, body_size: usize,
        trailers: *const u8, trailers_size: usize, timeout: u32, token: *mut u32,
    ) -> u32;
    fn proxy_grpc_call(
        upstream: *const u8, upstream_size: usize, service: *const u8, service_size: usize, method: *const u8,
        method_size: usize, metadata: *const u8, metadata_size: usize, message: *const u8, message_size: usize, timeout: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_grpc_stream(
        upstream: *const u8, upstream_size: usize, service: *const u8, service_size: usize, method: *const u8,
        method_size: usize, metadata: *const u8, metadata_size: usize, token: *mut u32,
    ) -> u32;
    fn proxy_grpc_cancel(token: u32) -> u32;
    fn proxy_grpc_close(token: u32) -> u32;
    fn proxy_grpc_send(token: u32, message: *const u8, size: usize, end: u32) -> u32;
    fn proxy_get_status(code: *mut u32, text: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8, name_size: usize, argument: *const u8, size: usize, result: *mut *mut u8, result_size: *mut usize,
    ) -> u32;
    fn proxy_set_effective_context(id: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_send_local_response(
        status: u32, details: *const u8, details_size: usize, body: *const u8, body_size: usize, headers: *const u8,
        headers_size: usize, grpc_status: i32,
    ) -> u32;
}

/// Where nothing is: beyond every memory of 32 bits but the largest.
const NOWHERE: usize = 0xffff_ff00;

/// A response with the details that the SDK leaves out.
pub(crate) fn local_response(status: u32, details: &str, body: &[u8]) {
    let none = 0_u32.to_le_bytes();
    // SAFETY: every pointer is that of a slice that lives through the call, with its length.
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            none.as_ptr(),
            none.len(),
            -1,
        );
    }
}

/// The SDK panics where the host refuses.
pub(crate) fn edit(buffer: u32, start: usize, length: usize, text: &str) -> u32 {
    // SAFETY: the text lives through the call.
    unsafe { proxy_set_buffer_bytes(buffer, start, length, text.as_ptr(), text.len()) }
}

pub(crate) fn reply(kit: &mut Kit) -> Action {
    let mut text = String::new();
    for (name, status) in headers().into_iter().chain(buffers()).chain(state()).chain(calls(kit)).chain(pointers()) {
        text += &format!("{name}={status}\n");
    }
    kit.send_http_response(200, vec![("content-type", "text/plain")], Some(text.as_bytes()));
    Action::Pause
}

/// What the host answers at this moment, a digit each: get from the request's headers, trailers, the response's headers,
/// trailers; add to the same four; get the request's body, the response's.
pub(crate) fn phase() -> String {
    let mut digits = String::new();
    for map in 0..4 {
        digits += &value(map, if map == 2 { ":status" } else { ":path" }).to_string();
    }
    digits.push('-');
    for map in 0..4 {
        let name = "x-phase";
        // SAFETY: the text lives through the call.
        let status = unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), "1".as_ptr(), 1) };
        digits += &status.to_string();
    }
    digits + &format!("-{}{}", get_buffer(0, 0, 10), get_buffer(1, 0, 10))
}

type Statuses = Vec<(&'static str, u32)>;

fn value(map: u32, name: &str) -> u32 {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the name lives through the call; what the host allocates is left alone.
    unsafe { proxy_get_header_map_value(map, name.as_ptr(), name.len(), &mut data, &mut size) }
}

fn pairs(map: u32) -> u32 {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: as above.
    unsafe { proxy_get_header_map_pairs(map, &mut data, &mut size) }
}

fn headers() -> Statuses {
    let (name, text) = ("x-none", "text");
    let empty = 0_u32.to_le_bytes();
    // SAFETY: every pointer is that of a slice that lives through the call, with its length.
    let (add, replace, remove, set, add_bad, cut) = unsafe {
        (
            proxy_add_header_map_value(2, name.as_ptr(), name.len(), text.as_ptr(), text.len()),
            proxy_replace_header_map_value(2, name.as_ptr(), name.len(), text.as_ptr(), text.len()),
            proxy_remove_header_map_value(0, name.as_ptr(), name.len()),
            proxy_set_header_map_pairs(2, empty.as_ptr(), empty.len()),
            proxy_add_header_map_value(99, name.as_ptr(), name.len(), text.as_ptr(), text.len()),
            proxy_set_header_map_pairs(3, [9_u8, 0, 0, 0, 1].as_ptr(), 5),
        )
    };
    vec![
        ("header-missing", value(0, name)),
        ("header-empty-name", value(0, "")),
        ("header-of-no-map", value(99, name)),
        ("header-of-response-early", value(2, ":status")),
        ("header-of-trailers-early", value(1, name)),
        ("header-of-no-call", value(6, ":status")),
        ("header-of-no-grpc", value(4, name)),
        ("pairs-of-no-map", pairs(99)),
        ("pairs-of-response-early", pairs(2)),
        ("pairs-of-trailers-early", pairs(1)),
        ("pairs-of-no-call", pairs(6)),
        ("pairs-of-no-grpc", pairs(4)),
        ("add-to-response-early", add),
        ("replace-in-response-early", replace),
        ("remove-missing", remove),
        ("set-response-early", set),
        ("add-to-no-map", add_bad),
        ("set-cut-pairs", cut),
    ]
}

fn get_buffer(buffer: u32, start: usize, length: usize) -> u32 {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the host writes to the two variables only.
    unsafe { proxy_get_buffer_bytes(buffer, start, length, &mut data, &mut size) }
}

fn buffers() -> Statuses {
    vec![
        ("buffer-request-early", get_buffer(0, 0, 10)),
        ("buffer-response-early", get_buffer(1, 0, 10)),
        ("buffer-downstream", get_buffer(2, 0, 10)),
        ("buffer-no-call", get_buffer(4, 0, 10)),
        ("buffer-no-grpc", get_buffer(5, 0, 10)),
        ("buffer-vm", get_buffer(6, 0, 10)),
        ("buffer-plugin", get_buffer(7, 0, 10)),
        ("buffer-vm-beyond", get_buffer(6, 1 << 20, 10)),
        ("buffer-vm-overflow", get_buffer(6, usize::MAX, usize::MAX)),
        ("buffer-plugin-beyond", get_buffer(7, 1 << 20, 10)),
        ("buffer-plugin-overflow", get_buffer(7, usize::MAX, usize::MAX)),
        ("buffer-call-data", get_buffer(8, 0, 10)),
        ("buffer-none-such", get_buffer(99, 0, 10)),
        ("set-buffer-request-early", edit(0, 0, 0, "x")),
        ("set-buffer-plugin", edit(7, 0, 0, "x")),
        ("set-buffer-none-such", edit(99, 0, 0, "x")),
    ]
}

fn property(path: &[u8]) -> u32 {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the path lives through the call.
    unsafe { proxy_get_property(path.as_ptr(), path.len(), &mut data, &mut size) }
}

fn state() -> Statuses {
    let (mut data, mut size, mut word, mut long) = (std::ptr::null_mut(), 0, 0, 0);
    let key = "kit-nothing";
    // SAFETY: every pointer is that of a slice that lives through the call, with its length, or of a variable here.
    unsafe {
        vec![
            ("property-missing", property(b"kit_nothing")),
            ("property-empty", property(b"")),
            ("property-of-request-missing", property(b"request\0nothing")),
            ("property-map", property(b"request\0headers")),
            ("property-node", property(b"node")),
            ("property-ends-with-nul", property(b"request\0path\0")),
            ("property-not-utf-8", property(b"\xff\xfe")),
            ("shared-missing", proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut word)),
            ("shared-cas-of-missing", proxy_set_shared_data(key.as_ptr(), key.len(), key.as_ptr(), 1, 77)),
            (
                "shared-after-cas-of-missing",
                proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut word),
            ),
            ("dequeue-unknown", proxy_dequeue_shared_queue(9999, &mut data, &mut size)),
            ("enqueue-unknown", proxy_enqueue_shared_queue(9999, key.as_ptr(), key.len())),
            ("resolve-unknown", proxy_resolve_shared_queue(key.as_ptr(), 3, key.as_ptr(), key.len(), &mut word)),
            ("define-metric-of-no-kind", proxy_define_metric(99, key.as_ptr(), key.len(), &mut word)),
            ("metric-unknown", proxy_get_metric(9999, &mut long)),
            ("record-metric-unknown", proxy_record_metric(9999, 1)),
            ("increment-metric-unknown", proxy_increment_metric(9999, 1)),
            ("log-of-no-level", proxy_log(99, key.as_ptr(), key.len())),
            ("log-not-utf-8", proxy_log(2, [0xff_u8, 0xfe, b'\n', b'x'].as_ptr(), 4)),
            ("get-log-level", proxy_get_log_level(&mut word)),
            ("log-level", word),
        ]
    }
}

fn http_call(upstream: &str, headers: &[u8], timeout: u32) -> u32 {
    let (none, mut token) = (0_u32.to_le_bytes(), 0);
    let (headers, size) = (headers.as_ptr(), headers.len());
    // SAFETY: every pointer is that of a slice that lives through the call, with its length.
    unsafe {
        let to = upstream.as_ptr();
        proxy_http_call(to, upstream.len(), headers, size, none.as_ptr(), 0, none.as_ptr(), 4, timeout, &mut token)
    }
}

fn calls(kit: &Kit) -> Statuses {
    let (mut data, mut size, mut word) = (std::ptr::null_mut(), 0, 0);
    let path = b"\x01\0\0\0\x05\0\0\0\x01\0\0\0:path\0/\0";
    let upstream = kit.root.setting("upstream");
    let name = "kit-nothing";
    let (to, none) = ("nowhere".as_ptr(), [0_u8; 4].as_ptr());
    // SAFETY: every pointer is that of a slice that lives through the call, with its length, or of a variable here.
    unsafe {
        vec![
            ("call-unknown-upstream", http_call("nowhere", path, 1000)),
            ("call-without-headers", http_call(&upstream, &[0, 0, 0, 0], 1000)),
            ("call-without-authority", http_call(&upstream, path, 1000)),
            ("call-cut-headers", http_call(&upstream, &[9, 0, 0, 0], 1000)),
            ("grpc-call-unknown-upstream", {
                proxy_grpc_call(to, 7, name.as_ptr(), 3, name.as_ptr(), 3, none, 4, none, 0, 1000, &mut word)
            }),
            ("grpc-stream-unknown-upstream", {
                proxy_grpc_stream(to, 7, name.as_ptr(), 3, name.as_ptr(), 3, none, 4, &mut word)
            }),
            ("grpc-cancel-unknown", proxy_grpc_cancel(9999)),
            ("grpc-close-unknown", proxy_grpc_close(9999)),
            ("grpc-send-unknown", proxy_grpc_send(9999, name.as_ptr(), 1, 0)),
            ("status-of-no-call", proxy_get_status(&mut word, &mut data, &mut size)),
            (
                "foreign-unknown",
                proxy_call_foreign_function(name.as_ptr(), name.len(), name.as_ptr(), 0, &mut data, &mut size),
            ),
            ("effective-context-unknown", proxy_set_effective_context(99999)),
            ("effective-context-root", proxy_set_effective_context(kit.root.id)),
            ("effective-context-own", proxy_set_effective_context(kit.id)),
            ("continue-nothing", proxy_continue_stream(99)),
            ("continue-downstream", proxy_continue_stream(2)),
            ("close-nothing", proxy_close_stream(99)),
        ]
    }
}

fn pointers() -> Statuses {
    let nowhere = NOWHERE as *const u8;
    let (mut data, mut size) = (std::ptr::null_mut::<u8>(), 0_usize);
    // SAFETY: nothing here is read or written by this program; whether the host lets itself be fooled is the question.
    unsafe {
        vec![
            ("log-from-nowhere", proxy_log(2, nowhere, 16)),
            ("log-too-long", proxy_log(2, std::ptr::without_provenance(16), usize::MAX)),
            ("time-to-nowhere", proxy_get_current_time_nanoseconds(NOWHERE as *mut u64)),
            ("level-to-nowhere", proxy_get_log_level(NOWHERE as *mut u32)),
            ("header-from-nowhere", proxy_get_header_map_value(0, nowhere, 16, &mut data, &mut size)),
            (
                "header-to-nowhere",
                proxy_get_header_map_value(0, ":path".as_ptr(), 5, NOWHERE as *mut *mut u8, &mut size),
            ),
            ("pairs-to-nowhere", proxy_get_header_map_pairs(0, NOWHERE as *mut *mut u8, &mut size)),
            ("pairs-from-nowhere", proxy_set_header_map_pairs(0, nowhere, 16)),
            ("property-from-nowhere", proxy_get_property(nowhere, 16, &mut data, &mut size)),
            ("shared-from-nowhere", proxy_set_shared_data(nowhere, 16, nowhere, 16, 0)),
            ("metric-from-nowhere", proxy_define_metric(0, nowhere, 16, NOWHERE as *mut u32)),
            ("call-from-nowhere", {
                let mut token = 0;
                proxy_http_call(nowhere, 16, nowhere, 16, nowhere, 16, nowhere, 16, 1000, &mut token)
            }),
            ("buffer-to-nowhere", proxy_get_buffer_bytes(7, 0, 10, NOWHERE as *mut *mut u8, &mut size)),
            ("set-buffer-from-nowhere", proxy_set_buffer_bytes(0, 0, 0, nowhere, 16)),
            ("reply-from-nowhere", proxy_send_local_response(200, nowhere, 16, nowhere, 16, nowhere, 16, -1)),
        ]
    }
}
