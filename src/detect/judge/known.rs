//! Values that vendors print in their documentation or build into their emulators.
//!
//! They have the full shape of a key and open nothing. Only hashes stand here, so that this file
//! neither looks like a credential nor teaches one: the first 8 bytes of SHA-256, over the whole
//! value, or over its first 16 bytes where the rest varies or is not needed. A line is made with
//! `printf %s VALUE | sha256sum | cut -c-16` (a UUID in small letters).

use sha2::{Digest, Sha256};

use super::fold::Folded;

/// How much of a value known by its start is hashed.
const START: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The hash of the whole value.
    Whole(u64),
    /// The hash of the first [`START`] bytes.
    Start(u64),
}

const fn whole(hash: u64) -> Known {
    Known::Whole(hash)
}

const fn start(hash: u64) -> Known {
    Known::Start(hash)
}

const KNOWN: &[Known] = &[
    // AWS: the examples of the IAM and CLI guides.
    whole(0x1a5d44a2dca19669),
    whole(0xcb20d34a7adda2f5),
    whole(0xc6ea27c534f993d3),
    whole(0x78314b11be2e5815),
    whole(0xe21b597ba6b9cafa),
    start(0x1979571e2a4da0d1),
    start(0xe36ff6193616d18c),
    // AWS: the two pairs of the older S3 guide to signed requests.
    whole(0x08249dd24f808d55),
    whole(0x0e8ad95d75d71161),
    whole(0x98304b21e305abfd),
    whole(0x0114c1456f250438),
    // Azure: the account key of the storage emulator (Azurite) and the key of the Cosmos emulator.
    start(0x6d05f8718edd1f76),
    start(0xaa286644c4ee18b5),
    // Stripe: the test keys of its documentation.
    whole(0x2cafc0970149a84f),
    start(0x1132f290a252a1a1),
    start(0x97f96c3297829160),
    start(0x2d5f70c9a5498b8e),
    start(0xed24631c38148bd1),
    whole(0xf2d6ca16515033e5),
    whole(0x74e11884b07b1d51),
    whole(0x2d1f7723aabc5c7a),
    whole(0x740ff49af25d70c2),
    whole(0x7e8de44ea9ecf6d5),
    whole(0xc1c45784935eda01),
    // GitHub: the tokens of the REST and OAuth documentation, with and without their start.
    whole(0x7e498f91828a193c),
    whole(0x86007eb367696d32),
    whole(0x3543c50b0cb9cea8),
    whole(0xbc3ae723f57c6b9e),
    whole(0x82e74299544e0073),
    whole(0x797c0ce414586cc8),
    whole(0x6d7fa4e64d4b1f3e),
    whole(0x8c029ad8efa12979),
    // GitLab: private tokens of older API documentation.
    whole(0x91fa4af81aa08ddd),
    whole(0xb25630be6d6fbd79),
    // Slack: the bot token of the API documentation.
    whole(0xf5375a46365089a8),
    // Telegram: the two tokens of the Bot API documentation.
    start(0x2b411f866d514f15),
    start(0x1de8cdf903cf93aa),
    // Discord: the tokens of the developer documentation.
    whole(0x02f7ce3c263f85c0),
    whole(0x416831fc9be4e694),
    whole(0xf800814438b2bf72),
    whole(0xf3df33ac6ed6d02d),
    // X (Twitter): the OAuth walk-throughs.
    whole(0x8e0628300c16fe38),
    whole(0x00b3dc640c9c99fc),
    whole(0x0e04efa6bc7d2d51),
    whole(0x5aac38e542b76b97),
    // Mailgun: the keys of its documentation.
    whole(0x9c846fdf0fa8955c),
    whole(0xa4526cb8cdbf802f),
    whole(0x9bd1f158ca1a1b30),
    // SendGrid: the key of its documentation.
    start(0x7b274f5082a29a92),
    start(0x442e17539bdc3fd2),
    // Cloudflare: the global keys and tokens of the API documentation.
    whole(0x5e6a8235e121de87),
    whole(0x8651e7dbcb3dcc3a),
    whole(0x2cd1f6f312c5f208),
    whole(0x1c30fa0aedcd4406),
    whole(0x5d7b5f2a9e44137c),
    // DigitalOcean, OpenWeather, Algolia: the keys of their documentation.
    whole(0xfcd1f7d0fa693e92),
    whole(0xe41b28a23462ec7c),
    whole(0xbae656572be8a416),
    whole(0xf7e7896182dcde5d),
    // Google: Firebase's sample key, reCAPTCHA's test keys, the tokens of the OAuth guide.
    start(0x31ef4b3cedd046d3),
    start(0xdba21bd79bf1694e),
    whole(0xf5e95c9954635b65),
    start(0xf43f30b98590e4f0),
    start(0xfd267533d81b0a4f),
    whole(0x70315961d7e8721f),
    whole(0xd63c774b96211034),
    // Svix: the signing secret of its guides and of the standard's test vectors.
    whole(0x96ad2ccd81462a76),
    whole(0x0c47dd30c7da14ce),
    // Flask: SECRET_KEY of its documentation, the newer and the older one, and the first in hex.
    whole(0x9cb335cb7b5fb805),
    start(0xb8745baa6dc1f7da),
    whole(0xca32f86ce10b8435),
    // MinIO: the public play server.
    whole(0x1bbb9293c38acc5e),
    whole(0xdf452eef23e8cf2c),
    // Supabase: the fixed keys of the local stack.
    whole(0xb0f3a96ded759f6c),
    whole(0x7f59edafa4d502ca),
    whole(0xc85debb55f2f204d),
    whole(0x1771c2baae978eb4),
    whole(0x9705102db0d5f99e),
    // Elastic: the API key of the security documentation, plain and encoded.
    whole(0x3448a98f6859cdbd),
    whole(0xbae4305b5588c03f),
    whole(0xa0cc17dae7500395),
    // WireGuard: the private key of the quick start.
    whole(0xea1ca3e25b35a51e),
    whole(0x1f4095be96501eb5),
    // Kubernetes: the bootstrap token of the documentation.
    whole(0x3002888f967a7086),
    // Ethereum: the ten development accounts of Hardhat, Anvil and Ganache's test phrase.
    start(0xdf0e0ed1df4be531),
    start(0xf774e20fbd4857d7),
    start(0xc9e3792abb33aae6),
    start(0x5d03b7765997f80f),
    start(0xc99f920e626ce792),
    start(0xcfb9895c3939c188),
    start(0x252c4fe23671af1c),
    start(0x883e764eb49fd1b0),
    start(0xf72e84070556b7c9),
    start(0x572cbc9f7ae989fc),
    // Bitcoin: the keys in WIF of "Mastering Bitcoin" and of the wiki.
    start(0xc345e005737b59e7),
    start(0xa527ecf2193d2391),
    start(0x7f2e3f1498945e9d),
    start(0x7228b19665803716),
    // RFC 6749, 6750, 7636, 7515, 6455, 7617: tokens, verifiers, keys and credentials of their
    // examples.
    whole(0x6c96130f130ab0d6),
    whole(0x00cf4c781dc37003),
    whole(0xca7459e2b26776de),
    whole(0xe9974c507d2a8021),
    whole(0x53f5da0aaa93d64c),
    whole(0xb8e148545b13c78b),
    whole(0xa35b81a7d7927b70),
    whole(0x13d31e961a1ad8ec),
    whole(0x0d299b1eb548708d),
    start(0x4b70726d77ffd7cf),
    whole(0x15cef4b629cc2d07),
    whole(0xcf4d418ed3de92d7),
    whole(0x73f71af093fdf154),
    // Basic credentials of documentation everywhere: user and pass, username and password, admin.
    whole(0x0e9d220616f08345),
    whole(0xbdfeaef44475711c),
    whole(0xe4da07ad200089ce),
    whole(0x12d8d9ea56a1acfb),
    whole(0x696a63e2409e663a),
    whole(0xfe97449352b1d67c),
    whole(0x9fdb2e159e0f26a9),
    whole(0x998362fa76128940),
    whole(0x387d52f219c568b5),
    whole(0x7739e94d2e121098),
    // UUIDs that documentation shows: Java's and Wikipedia's samples, RFC 4122's namespaces.
    whole(0x986c0dc956dc822b),
    whole(0x203fa897acf2b02d),
    whole(0xa3a9e1ed9732cab2),
    whole(0x8f400c257611ed5d),
    whole(0x30a5154b77ab8b2d),
    whole(0xe5855ff48799c52c),
    whole(0x9ba53bcd10e9193d),
    whole(0xfa7d6c8ddbcc290e),
    whole(0x124afcebe52ad4a2),
    whole(0xc7aa09cd25da8b6a),
    whole(0x5c28b2022dca14af),
    whole(0xfd4f33b1736b58cf),
    whole(0x0e238bfc743a87af),
    whole(0xf94acc636a24c687),
];

/// Returns whether the value is one that everybody can read in a vendor's documentation.
pub(super) fn is_documented(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"0x").unwrap_or(value);
    if value.len() < 8 {
        return false;
    }
    let is_uuid = value.len() == 36 && value[8] == b'-';
    let folded = Folded::of(if is_uuid { value } else { b"" });
    let whole = whole(hash(if is_uuid { folded.bytes() } else { value }));
    let start = value.get(..START).map(|start| Known::Start(hash(start)));
    KNOWN.iter().any(|known| *known == whole || Some(*known) == start)
}

fn hash(value: &[u8]) -> u64 {
    let digest = Sha256::digest(value);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn documented_values_are_known() {
        // In pieces, so that no file holds a value whole.
        for pieces in [
            &["AKIAIOSF", "ODNN7EXA", "MPLE"][..],
            &["wJalrXUtn", "FEMI/K7MD", "ENG/bPxRf", "iCYEXAMPL", "EKEY"],
            &["192b9bdd", "22ab9ed4"],
            &["ghp_", "16C7e42F", "292c6912E", "7710c8383", "47Ae178B4a"],
            &["0xac0974b", "ec39a17e3", "6ba4a6b4d"],
            &["550e8400-", "e29b-41d4-", "a716-", "446655440000"],
            &["550E8400-", "E29B-41D4-", "A716-", "446655440000"],
        ] {
            assert!(is_documented(pieces.concat().as_bytes()), "{}", pieces[0]);
        }
    }

    #[test]
    fn a_value_known_whole_is_not_known_by_its_start() {
        let longer = ["AKIAIOSF", "ODNN7EXA", "MPLE", "X"].concat();
        assert!(!is_documented(longer.as_bytes()));
        let same_start = ["Eby8vdM0", "2xNOcqFl", "anything"].concat();
        assert!(is_documented(same_start.as_bytes()));
    }

    #[test]
    fn other_values_are_not() {
        for seed in 0..500 {
            let text = expand("{{alnum 40}}", seed).unwrap().text;
            assert!(!is_documented(text.as_bytes()));
            assert!(!is_documented(expand("{{uuid}}", seed).unwrap().text.as_bytes()));
        }
        assert!(!is_documented(b"") && !is_documented(b"0x"));
    }

    #[test]
    fn each_hash_is_listed_once() {
        for (at, known) in KNOWN.iter().enumerate() {
            assert!(!KNOWN[..at].contains(known), "entry {at}");
        }
    }
}
