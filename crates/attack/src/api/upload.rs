//! Files that are not what they seem: too large, packed, cut off, in too many parts.

use super::ground::{Ground, Step, attack, judged, untried};
use super::input::still_answers;
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;
use miniz_oxide::deflate::compress_to_vec;
use std::fs;

/// Bombs.
pub const BOMBS: Case = Case {
    id: "api-upload-bombs",
    group: Group::Input,
    tries: "Uploads as firmware what unpacks to 96 megabytes, what is larger than any firmware, forms of a thousand parts, forms that are cut off, and names of files with paths in them.",
    expects: "Each is refused, the memory of the server stays bounded, and it goes on answering.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 30, bombs),
};

const BOUNDARY: &str = "between-the-parts";
/// What the zip unpacks to, in bytes.
const UNPACKED: usize = 96 << 20;
/// Larger than any firmware, in bytes.
const LARGE: usize = 18 << 20;
/// How much more memory the server may hold afterwards, in KiB: less than one unpacked bomb.
const MOST_MORE: u64 = 80 << 10;

fn bombs(ground: &Ground<'_>) -> Step<Outcome> {
    let product = ground.target.product.ok_or_else(|| untried("the target names no product"))?;
    let path = format!("/v1/products/{product}/firmware");
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let before = memory(ground);
    let part = |name: &str, file: &[u8]| {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        [head.as_bytes(), file, b"\r\n"].concat()
    };
    let end = format!("--{BOUNDARY}--\r\n").into_bytes();
    let whole = |parts: Vec<u8>| [parts, end.clone()].concat();
    let tries = [
        ("a zip that unpacks to much", whole(part("bomb.zip", &zip_bomb()))),
        ("a file larger than any firmware", whole(part("large.bin", &vec![0; LARGE]))),
        ("a thousand parts", whole(part("many.bin", b"x").repeat(1_000))),
        ("a form that is cut off", part("half.bin", b"x")),
        ("a name with a path in it", whole(part("../../../../tmp/attack", b"x"))),
        ("no form at all", b"x".repeat(1_000)),
    ];
    let mut through = Vec::new();
    for (what, body) in tries {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        match owner.try_to_ask(&Ask::new("POST", path.as_str()).body(&kind, body)) {
            Ok(answer) if answer.is_success() => through.push(format!("{what} was taken")),
            Ok(answer) if answer.status >= 500 => {
                through.push(format!("{what} was answered {}", answer.status))
            }
            // Who is refused may be cut off while sending.
            Ok(_) | Err(_) => {}
        }
    }
    through.extend(still_answers(&mut owner));
    if let (Some(before), Some(after)) = (before, memory(ground))
        && after.saturating_sub(before) > MOST_MORE
    {
        through.push("the server holds more memory afterwards than all that was sent".to_owned());
    }
    Ok(judged(&through, "each was refused, and the server went on answering within bounded memory"))
}

/// The memory of the server in KiB, where it runs on this machine.
fn memory(ground: &Ground<'_>) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", ground.target.process?)).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A zip archive of one file of zeros (APPNOTE 4.3: local header, data, directory, its end).
fn zip_bomb() -> Vec<u8> {
    let name = b"module.bin";
    let unpacked = u32::try_from(UNPACKED).unwrap_or(u32::MAX);
    let packed = compress_to_vec(&vec![0; UNPACKED], 1);
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    // Versions, flags, method deflate, no time; a checksum that is not right, which nobody should come to look at.
    let mut about = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    about.extend(length.to_le_bytes());
    about.extend(unpacked.to_le_bytes());
    about.extend([10, 0, 0, 0]);
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend(&about);
    zip.extend(name);
    zip.extend(&packed);
    let directory = u32::try_from(zip.len()).unwrap_or(u32::MAX);
    zip.extend(b"PK\x01\x02\x14\x00");
    zip.extend(&about);
    zip.extend([0; 14]);
    zip.extend(name);
    let size = u32::try_from(zip.len()).unwrap_or(u32::MAX).saturating_sub(directory);
    zip.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    zip.extend(size.to_le_bytes());
    zip.extend(directory.to_le_bytes());
    zip.extend([0, 0]);
    zip
}
