// What a component does to reach the world with WASI 0.3, the same code in each of them. Each answer is one line: what was
// found, or `error: WHY`.

use std::net::SocketAddr;

use wasip3::filesystem::preopens::get_directories;
use wasip3::http::client;
use wasip3::http::types::{Fields, Request, Scheme};
use wasip3::sockets::ip_name_lookup::resolve_addresses;
use wasip3::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket};
use wasip3::wit_future;

/// env | dirs | dial ADDRESS | send ADDRESS | listen ADDRESS | socket | resolve NAME | http URL
pub async fn attempt(what: String) -> String {
    let (how, with) = what.split_once(' ').unwrap_or((&what, ""));
    let answer = match how {
        "env" => Ok(variables()),
        "dirs" => Ok(get_directories().into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(" ")),
        "dial" => dial(with).await,
        "send" => send(with).await,
        "listen" => listen(with),
        "socket" => socket(),
        "resolve" => resolve_addresses(with.to_owned()).await.map(|_| "found".to_owned()).map_err(told),
        "http" => http(with).await,
        _ => Err(format!("unknown attempt `{how}`")),
    };
    answer.unwrap_or_else(|why| format!("error: {why}"))
}

fn told(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn variables() -> String {
    let mut variables: Vec<String> = wasip3::cli::environment::get_environment()
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    variables.sort();
    variables.join(" ")
}

fn address(text: &str) -> Result<IpSocketAddress, String> {
    match text.parse() {
        Ok(SocketAddr::V4(v4)) => {
            let [a, b, c, d] = v4.ip().octets();
            Ok(IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) }))
        }
        _ => Err("not an address".to_owned()),
    }
}

async fn dial(to: &str) -> Result<String, String> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(told)?;
    socket.connect(address(to)?).await.map_err(told)?;
    let (_stream, _ended) = socket.receive();
    Ok("connected".to_owned())
}

async fn send(to: &str) -> Result<String, String> {
    let socket = UdpSocket::create(IpAddressFamily::Ipv4).map_err(told)?;
    socket.send(b"ping".to_vec(), Some(address(to)?)).await.map_err(told)?;
    Ok("sent".to_owned())
}

fn listen(at: &str) -> Result<String, String> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(told)?;
    socket.bind(address(at)?).map_err(told)?;
    let _calls = socket.listen().map_err(told)?;
    Ok(format!("listening {}", socket.get_is_listening()))
}

/// Everything that sockets can be asked without anybody at the other end.
fn socket() -> Result<String, String> {
    let tcp = TcpSocket::create(IpAddressFamily::Ipv4).map_err(told)?;
    tcp.set_listen_backlog_size(8).map_err(told)?;
    tcp.set_keep_alive_enabled(true).map_err(told)?;
    tcp.set_keep_alive_idle_time(2_000_000_000).map_err(told)?;
    tcp.set_keep_alive_interval(3_000_000_000).map_err(told)?;
    tcp.set_keep_alive_count(4).map_err(told)?;
    tcp.set_hop_limit(9).map_err(told)?;
    tcp.set_receive_buffer_size(65536).map_err(told)?;
    tcp.set_send_buffer_size(65536).map_err(told)?;
    let alive = (tcp.get_keep_alive_enabled(), tcp.get_keep_alive_idle_time(), tcp.get_keep_alive_interval());
    let tcp_said = (alive, tcp.get_keep_alive_count(), tcp.get_hop_limit(), tcp.get_address_family());
    let sizes = tcp.get_receive_buffer_size().is_ok() && tcp.get_send_buffer_size().is_ok();
    let nobody = tcp.get_local_address().is_err() && tcp.get_remote_address().is_err();
    let udp = UdpSocket::create(IpAddressFamily::Ipv4).map_err(told)?;
    udp.set_unicast_hop_limit(7).map_err(told)?;
    udp.set_receive_buffer_size(65536).map_err(told)?;
    udp.set_send_buffer_size(65536).map_err(told)?;
    let udp_sizes = udp.get_receive_buffer_size().is_ok() && udp.get_send_buffer_size().is_ok();
    let udp_nobody = udp.get_local_address().is_err() && udp.get_remote_address().is_err() && udp.disconnect().is_err();
    Ok(format!(
        "{tcp_said:?} {sizes} {nobody} {:?} {:?} {udp_sizes} {udp_nobody}",
        udp.get_unicast_hop_limit(),
        udp.get_address_family()
    ))
}

async fn http(url: &str) -> Result<String, String> {
    let rest = url.strip_prefix("http://").ok_or("the URL has another scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, no_trailers, None);
    drop(trailers);
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    let response = client::send(request).await.map_err(told)?;
    Ok(format!("status {}", response.get_status_code()))
}
