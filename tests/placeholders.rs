//! What must pass: placeholders, references and hashes in the files that they really stand in.

use std::collections::BTreeMap;

use crate::support::{Sandbox, filled, key};

/// A file and lines in it that hold no secret. `{{…}}` of a template is written `⟦…⟧`, because the
/// lines are filled in: hashes and ids are made up anew.
const HARMLESS: &[(&str, &str)] = &[
    // What people write in documentation and examples.
    ("openai_docs.py", r#"openai.api_key = "sk-your-key-here""#),
    ("super.py", r#"OPENAI_API_KEY = "sk-YOUR_SUPER_SECRET_KEY_HERE""#),
    ("a/.env", "OPENAI_API_KEY=sk-YOUR_SUPER_SECRET_KEY_HERE"),
    ("b/.env", r#"OPENAI_API_KEY = "sk-YOUR_SUPER_SECRET_KEY_HERE""#),
    ("gemini.js", r#"const geminiKey = "YOUR_SECRET_KEY";"#),
    ("setup.sh", r#"export CLAUDE_API_KEY="sk-ant-YourActualClaudeKey""#),
    ("c/.env", "GEMINI_API_KEY=AIzaYourActualGeminiKey"),
    ("dots.py", r#"client = Anthropic(api_key="sk-ant-abc123...")"#),
    ("README.md", "Put `ANTHROPIC_API_KEY=<your-token>` into `.env`."),
    ("README.md", "    api_key: \"<insert-your-api-key>\""),
    (
        "d/.env.example",
        "SECRET_KEY=changeme\nDB_PASSWORD=change-me-please\nAPI_TOKEN=xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    (
        "d/.env.example",
        "STRIPE_SECRET_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx\nSLACK_BOT_TOKEN=xoxb-your-token",
    ),
    ("d/.env.example", "GITHUB_TOKEN=ghp_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"),
    (
        "d/.env.example",
        "GITLAB_TOKEN=glpat-xxxxxxxxxxxxxxxxxxxx\nEMPTY_SECRET=\nQUOTED_SECRET=\"\"",
    ),
    ("aws.md", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE"),
    // AWS's documented secret, in two halves so that no file holds it whole.
    ("aws.md", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPx@@RfiCYEXAMPLEKEY"),
    ("curl.md", "curl -H 'x-api-key: YOUR_API_KEY' https://api.example.com/v1"),
    ("url.py", r#"URL = "postgres://user:password@localhost:5432/app""#),
    ("url.py", r#"MONGO = "mongodb://<user>:<password>@cluster0.mongodb.net/app""#),
    ("docs.md", "curl -H \"Authorization: Bearer sk-...\" -d key=sk-xxxx -d token=sk-1234"),
    ("docs.md", "api_key: \"[INSERT KEY]\"\nsecret: \"not-a-real-key\"\ntoken: \"…\""),
    ("f/.env", "API_KEY=dein-api-schluessel\nTOKEN=votre-cle-api\nSECRET=tu_clave_aqui"),
    ("f/.env", "API_KEY=你的密钥\nTOKEN=вставьте-ключ\nSECRET=ここにキーを入力"),
    ("f/.env", "EXA_API_KEY=123e4567-e89b-12d3-a456-426614174000\nKEY_2=0123456789abcdef"),
    ("f/.env", "EXA_API_KEY=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee\nAPI_TOKEN=a1b2c3d4e5f6g7h8"),
    ("f/.env", "DB_PASSWORD=P@ssw0rd\nADMIN_PASSWORD=admin123\nROOT_PASSWORD=letmein"),
    ("g.yml", "password: changeme123\napi_token: lorem-ipsum-dolor\nsecret_key: deadbeefdeadbeef"),
    ("url.py", r#"QUEUE = "amqp://kiwi7moon:kiwi7moon@mq.acme.io/x""#),
    ("wallet.py", r#"MNEMONIC = "test test test test test test test test test test test junk""#),
    // Public by their own word: the role and the issuer of the token.
    ("supabase.ts", r#"const key = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.{{base64url 43}}";"#),
    // Code that says where the secret is.
    ("environ.py", r#"key = os.environ["ANTHROPIC_API_KEY"]"#),
    ("getenv.py", r#"api_key = os.getenv("OPENAI_API_KEY")"#),
    ("getenv.py", r#"secret_key = config("DJANGO_SECRET_KEY", default=None)"#),
    ("getenv.py", "password = getpass.getpass('Password: ')"),
    ("ezai.js", "const apiKey = process.env.EZAI_KEY_DEV;"),
    ("vite.ts", "export const token: string = import.meta.env.VITE_PUBLIC_API_TOKEN;"),
    ("boto.py", r#"value = client.get_secret_value(SecretId="prod/ezai-api-key")"#),
    ("admin.sh", r#"curl -H "Authorization: Bearer $ADMIN_TOKEN" "$URL""#),
    ("admin.sh", r#"API_KEY="$(op read op://Development/Claude/credential)""#),
    ("admin.sh", "export GITHUB_TOKEN=$(gh auth token)\nTOKEN=`cat /run/secrets/token`"),
    ("Main.java", r#"String apiKey = System.getenv("OPENAI_API_KEY");"#),
    ("Main.java", r#"String password = System.getProperty("db.password.production");"#),
    ("Spring.java", r#"@Value("${spring.datasource.password}") private String password;"#),
    ("Startup.cs", r#"var apiKey = builder.Configuration["OpenAI:ApiKey"];"#),
    ("Startup.cs", r#"var secret = Environment.GetEnvironmentVariable("AZURE_CLIENT_SECRET");"#),
    ("main.go", r#"apiKey := os.Getenv("ANTHROPIC_API_KEY")"#),
    ("main.rs", r#"let token = std::env::var("GITHUB_TOKEN").expect("a token");"#),
    ("app.rb", r#"api_key = ENV.fetch("OPENAI_API_KEY")"#),
    ("app.rb", "secret_key_base = Rails.application.credentials.secret_key_base"),
    ("app.php", "$password = getenv('DB_PASSWORD'); $api_key = $_ENV['API_KEY'];"),
    ("deno.ts", r#"const token = Deno.env.get("API_TOKEN");"#),
    ("app.R", r#"api_key <- Sys.getenv("API_KEY")"#),
    ("conn.py", "client.connect(password=self.connection.password, api_key=settings.API_KEY)"),
    ("fmt.py", r#"headers = {"Authorization": f"Bearer {api_token}", "X-Api-Key": "%s" % key}"#),
    // Settings that name a store.
    ("ha.yaml", "api_key: !secret weather_api_key\npassword: !env DB_PASSWORD"),
    ("stack.yaml", "  MasterUserPassword: !Sub \"⟦resolve:secretsmanager:app/db:SecretString⟧\""),
    (
        "cloud.yml",
        "spring.datasource.password: \"{cipher}{{hex 64}}\"\nkey: ref+vault://secret/app#key",
    ),
    (
        "azure.json",
        r#"{"password": "@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/x)"}"#,
    ),
    ("agent.ini", "password = %DB_PASSWORD%\ntoken = @API_TOKEN@\nsecret = %(base_secret)s"),
    ("e/.env", "ANTHROPIC_API_KEY=op://Development/Claude/credential"),
    ("vault.yml", "password: vault:secret/data/production/database#password"),
    ("vault.hcl", r#"path "secret/data/production/api-key" { capabilities = ["read"] }"#),
    (".github/workflows/ci.yml", "env:\n  ANTHROPIC_API_KEY: ${⟦ secrets.ANTHROPIC_API_KEY ⟧}"),
    (
        ".gitlab-ci.yml",
        "variables:\n  API_TOKEN: $CI_JOB_TOKEN\n  DOCKER_PASSWORD: ${CI_REGISTRY_PASSWORD}",
    ),
    ("docker-compose.yml", "environment:\n  ANTHROPIC_API_KEY: $ANTHROPIC_API_KEY"),
    (
        "docker-compose.yml",
        "  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it}\n  SECRET_FILE: /run/secrets/db_password",
    ),
    ("application.yml", "spring:\n  datasource:\n    password: ${DB_PASSWORD}"),
    (
        "application.properties",
        "spring.datasource.password=${DB_PASSWORD:}\njwt.secret=${JWT_SECRET}",
    ),
    ("chart/templates/secret.yaml", "  apiKey: ⟦ .Values.openai.apiKey | b64enc | quote ⟧"),
    (
        "chart/templates/deployment.yaml",
        "  valueFrom:\n    secretKeyRef:\n      name: production-credentials\n      key: openai-api-key",
    ),
    ("main.tf", "  api_key  = var.openai_api_key\n  password = random_password.database.result"),
    ("main.tf", r#"  secret = data.aws_secretsmanager_secret_version.app.secret_string"#),
    ("main.tf", r#"  db_password = "${var.database_password}""#),
    ("settings.toml.erb", r#"api_key = "<%= ENV['API_KEY'] %>""#),
    (
        "settings.yml.j2",
        "api_token: \"⟦ lookup('env', 'API_TOKEN') ⟧\"\ndb_password: ⟦ vault_db_password ⟧",
    ),
    (
        "secrets.sops.yaml",
        "api_key: ENC[AES256_GCM,data:{{base64 48}},iv:{{base64 43}}=,tag:{{base64 22}}==,type:str]",
    ),
    (
        "doppler.yaml",
        "setup:\n  project: backend\n  config: dev_personal\n  token: doppler:backend/dev",
    ),
    (
        "key.json",
        r#"{"api_key": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/api"}"#,
    ),
    // Random text that is no secret.
    (
        "package-lock.json",
        "{\"packages\": {\"node_modules/token\": {\"version\": \"1.0.0\",\n  \"resolved\": \"https://registry.npmjs.org/token/-/token-1.0.0.tgz\",\n  \"integrity\": \"sha512-{{base64 86}}==\"}}}",
    ),
    (
        "yarn.lock",
        "js-tokens@^4.0.0:\n  version \"4.0.0\"\n  resolved \"https://registry.yarnpkg.com/js-tokens/-/js-tokens-4.0.0.tgz#{{hex 40}}\"\n  integrity sha512-{{base64 86}}==",
    ),
    (
        "go.sum",
        "github.com/golang-jwt/jwt v3.2.2+incompatible h1:{{base64 43}}=\ngithub.com/secret/token v1.0.0/go.mod h1:{{base64 43}}=",
    ),
    (
        "Cargo.lock",
        "name = \"secrecy\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{{hex 64}}\"",
    ),
    (
        "requirements.txt",
        "pyjwt==2.8.0 \\\n    --hash=sha256:{{hex 64}} \\\n    --hash=sha256:{{hex 64}}",
    ),
    (
        "Dockerfile",
        "FROM node:22@sha256:{{hex 64}}\nADD --checksum=sha256:{{hex 64}} https://example.com/tool.tgz /",
    ),
    ("CHANGELOG.md", "- rotate the token (commit {{hex 40}})\n- see also {{hex 7}}"),
    ("pin.yml", "      - uses: actions/checkout@{{hex 40}} # v4"),
    (
        "ids.json",
        "{\"request_id\": \"{{uuid}}\", \"trace\": \"{{uuid}}\", \"tenant_id\": \"{{uuid}}\"}",
    ),
    ("known.sh", "echo \"{{hex 64}}  keyhook.tar.gz\" | sha256sum -c -"),
    (
        "index.html",
        "<script src=\"https://example.com/a.js\" integrity=\"sha384-{{base64 64}}\"></script>",
    ),
    (
        "public.pem",
        "-----BEGIN PUBLIC KEY-----\n{{base64 64}}\n{{base64 64}}\n-----END PUBLIC KEY-----",
    ),
    ("authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{{base64 43}} me@example.com"),
];

/// The files, each with all of its lines.
fn files(seed: u64) -> BTreeMap<&'static str, String> {
    let mut files = BTreeMap::new();
    for ((name, lines), seed) in HARMLESS.iter().zip(seed..) {
        let text = filled(lines, seed).replace("@@", "").replace('⟦', "{{").replace('⟧', "}}");
        let file: &mut String = files.entry(*name).or_default();
        file.push_str(&text);
        file.push('\n');
    }
    files
}

fn written(seed: u64) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files(seed) {
        sandbox.write(name, text);
    }
    sandbox
}

#[test]
fn a_scan_finds_nothing() {
    for seed in [1, 10_000, 20_000] {
        let sandbox = written(seed);
        let said = format!("keyhook: no new secrets in {} files\n", files(seed).len());
        let run = sandbox.keyhook(&["scan"]).expect(0);
        assert_eq!((run.out, run.err), (said, String::new()));
    }
}

#[test]
fn a_commit_passes_in_silence() {
    let sandbox = written(2);
    sandbox.install().git(&["add", "--force", "."]);
    let run = sandbox.try_commit(&["-q"]).expect(0);
    assert_eq!(run.text(), "");
    let committed = sandbox.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
    assert_eq!(committed.lines().count(), files(2).len());
}

#[test]
fn a_key_in_the_same_files_is_found() {
    // The counterpart: the files above are really looked at, and for real keys.
    let sandbox = Sandbox::new();
    let names: Vec<&str> = files(1).into_keys().collect();
    for (name, seed) in names.iter().zip(500..) {
        sandbox.write(name, format!("ANTHROPIC_API_KEY={}\n", key(seed)));
    }
    let run = sandbox.keyhook(&["scan"]).expect(1);
    let count = names.len();
    assert!(run.out.contains(&format!("{count} new secrets in {count} files")), "{}", run.out);
}
