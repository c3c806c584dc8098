//! A server that answers as it is told, on one connection a request.

use std::{
    collections::HashMap,
    fmt::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[derive(Debug, Clone)]
pub struct Request {
    /// `GET /path?query`
    pub line: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
    /// The same as it came: not everything is text.
    pub bytes: Vec<u8>,
    /// How many with the same line came before it.
    pub nth: usize,
}

impl Request {
    pub fn is(&self, prefix: &str) -> bool {
        self.line.starts_with(prefix)
    }
}

#[derive(Debug, Clone)]
pub enum Reply {
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    HangUp,
    Never,
}

pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: body.into() }
}

impl Reply {
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

pub struct Canned {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    server: JoinHandle<()>,
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Canned {
    pub async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let (seen, reply) = (Arc::new(Mutex::new(Vec::new())), Arc::new(reply));
        let server = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, seen.clone(), reply.clone()));
                }
            }
        });
        Self { addr, seen, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Every request whose line begins so.
    pub fn seen(&self, prefix: &str) -> Vec<Request> {
        let seen = self.seen.lock().expect("no test panicked here");
        seen.iter().filter(|request| request.is(prefix)).cloned().collect()
    }
}

async fn serve(
    stream: TcpStream,
    seen: Arc<Mutex<Vec<Request>>>,
    reply: Arc<impl Fn(&Request) -> Reply + Send + Sync>,
) {
    let mut stream = BufReader::new(stream);
    let Some(mut request) = read(&mut stream).await else { return };
    {
        let mut seen = seen.lock().expect("no test panicked here");
        request.nth = seen.iter().filter(|earlier| earlier.line == request.line).count();
        seen.push(request.clone());
    }
    match reply(&request) {
        Reply::HangUp => {}
        Reply::Never => std::future::pending().await,
        Reply::Answer { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Canned\r\nconnection: close\r\n");
            let _ = write!(head, "content-length: {}\r\n", body.len());
            for (name, value) in headers {
                let _ = write!(head, "{name}: {value}\r\n");
            }
            head.push_str("\r\n");
            // The caller may have hung up already, which is its right.
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let text = String::from_utf8_lossy(&body).into_owned();
    Some(Request { line, headers, body: text, bytes: body, nth: 0 })
}
