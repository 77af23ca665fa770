//! Dialects by the dozen: each line of a table is one way in which the world writes a secret.

use super::*;
use crate::rule::{RuleSet, expand};

fn found(path: &str, example: &str, least: Confidence) -> Vec<String> {
    let rules = RuleSet::builtin();
    let rule = rules.by_id("generic-assignment").unwrap();
    let text = expand(example, 5).unwrap().text;
    let text = Text { bytes: text.as_bytes(), kind: FileKind::of_path(path.as_bytes()) };
    let mut found: Vec<Span> = find(rule, &text, 0..text.bytes.len())
        .into_iter()
        .filter(|assigned| assigned.suppression.is_none() && assigned.confidence >= least)
        .map(|assigned| assigned.secret)
        .collect();
    found.sort_by_key(|span| span.start);
    found.dedup();
    found.into_iter().map(|span| String::from_utf8_lossy(&text.bytes[span]).into_owned()).collect()
}

/// Checks that exactly the marked text is found at default confidence.
fn check_found(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (path, example) in cases {
        let expanded = expand(example, 5).unwrap();
        let marked: Vec<&str> =
            expanded.secrets.iter().map(|span| &expanded.text[span.clone()]).collect();
        let values = found(path, example, Confidence::Medium);
        if values != marked {
            wrong.push(format!("{path}: {example}\n    found {values:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check_quiet(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (path, example) in cases {
        let values = found(path, example, Confidence::Medium);
        if !values.is_empty() {
            wrong.push(format!("{path}: {example}\n    found {values:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn code_in_many_languages() {
    check_found(&[
        ("a.py", "api_key = \"«{{alnum 32}}»\""),
        ("a.py", "client_secret: str = '«{{hex 32}}»'"),
        ("a.py", "password = \"\"\"«kV7!{{alnum 6}}»\"\"\""),
        ("a.py", "connect(host='db1', user='app', password='«kV7!{{alnum 6}}»')"),
        ("a.py", "os.environ[\"DB_PASSWORD\"] = \"«kV7!{{alnum 6}}»\""),
        ("a.py", "os.environ.setdefault('SECRET_KEY', '«{{alnum 50}}»')"),
        ("a.py", "SECRET_KEY = os.getenv(\"SECRET_KEY\", \"«{{alnum 32}}»\")"),
        ("a.py", "SECRET_KEY = os.getenv(\"SECRET_KEY\") or \"«{{alnum 32}}»\""),
        ("a.py", "app.config['SECRET_KEY'] = b'«{{alnum 24}}»'"),
        ("a.py", "password = (\n    \"«kV7!{{alnum 6}}»\"\n)"),
        ("a.py", "api_key: Optional[str] = \"«{{alnum 32}}»\""),
        ("a.py", "key = SecretStr('x'); token = SecretStr(\"«{{alnum 32}}»\")"),
        ("a.rs", "const API_KEY: &str = \"«{{alnum 32}}»\";"),
        ("a.rs", "    .password(\"«kV7!{{alnum 6}}»\")"),
        ("a.rs", "token: String::from(\"«{{alnum 32}}»\"),"),
        ("a.go", "apiSecret := \"«{{alnum 32}}»\""),
        ("a.go", "cfg := Config{User: \"app\", Password: \"«kV7!{{alnum 6}}»\"}"),
        ("a.go", "const password string = \"«kV7!{{alnum 6}}»\""),
        ("a.go", "var secret = []byte(\"«{{alnum 32}}»\")"),
        ("A.java", "private static final String PASSWORD = \"«kV7!{{alnum 6}}»\";"),
        ("A.java", "dataSource.setPassword(\"«kV7!{{alnum 6}}»\");"),
        ("A.java", "props.put(\"password\", \"«kV7!{{alnum 6}}»\");"),
        ("A.java", "char[] password = \"«kV7!{{alnum 6}}»\".toCharArray();"),
        ("A.kt", "val password: String = \"«kV7!{{alnum 6}}»\""),
        ("A.cs", "public string Password { get; set; } = \"\"; var apiKey = @\"«{{alnum 32}}»\";"),
        (
            "A.cs",
            "var s = \"Server=db1;Database=x;User Id=sa;Password=«kV7{{alnum 6}}»;Encrypt=true\";",
        ),
        ("a.c", "char password[] = \"«kV7!{{alnum 6}}»\";"),
        ("a.c", "static const char *api_key = \"«{{alnum 32}}»\";"),
        ("a.ino", "#define WIFI_PASSWORD \"«kV7!{{alnum 6}}»\""),
        ("a.cpp", "std::string token = \"«{{alnum 32}}»\";"),
        ("a.rb", ":access_token => '«{{alnum 32}}»'"),
        ("a.rb", "password: '«kV7!{{alnum 6}}»',"),
        ("a.rb", "config.secret_key = \"«{{hex 64}}»\""),
        ("a.rb", "ENV['API_TOKEN'] ||= '«{{alnum 32}}»'"),
        ("a.js", "headers['x-api-key'] = '«{{alnum 32}}»'"),
        ("a.js", "const secret = process.env.JWT_SECRET || '«{{alnum 24}}»'"),
        ("a.js", "const secret = process.env.JWT_SECRET ?? `«{{alnum 24}}»`"),
        ("a.ts", "password?: string = '«kV7!{{alnum 6}}»'"),
        ("a.ts", "auth: { user: 'a', pass: '«kV7!{{alnum 6}}»' }"),
        ("a.js", "fetch('https://api.acme.io/v1?q=1&api_key=«{{alnum 32}}»&n=2')"),
        ("a.php", "define('DB_PASSWORD', '«kV7!{{alnum 6}}»');"),
        ("a.php", "'password' => '«kV7!{{alnum 6}}»',"),
        ("a.php", "$db_password = \"«kV7!{{alnum 6}}»\";"),
        ("a.php", "'key' => env('SECRET_KEY', '«{{alnum 32}}»'),"),
        ("a.pl", "my $password = '«kV7!{{alnum 6}}»';"),
        ("a.lua", "local token = \"«{{alnum 32}}»\""),
        ("a.swift", "let apiKey: String = \"«{{alnum 32}}»\""),
        ("a.m", "NSString *const kApiSecret = @\"«{{alnum 32}}»\";"),
        ("a.scala", "val secretKey = \"«{{alnum 32}}»\""),
        ("a.groovy", "password '«kV7!{{alnum 6}}»'"),
        ("a.ps1", "$Password = \"«kV7!{{alnum 6}}»\""),
        ("a.r", "api_key <- \"«{{alnum 32}}»\""),
        ("a.clj", "{:password \"«kV7!{{alnum 6}}»\"}"),
        ("a.ex", "config :app, secret_key_base: \"«{{base64 64}}»\""),
        ("a.dart", "final String accessToken = '«{{alnum 32}}»';"),
        ("a.sql", "CREATE USER app WITH ENCRYPTED PASSWORD '«kV7!{{alnum 6}}»';"),
        ("a.sql", "ALTER ROLE app PASSWORD '«kV7!{{alnum 6}}»';"),
        ("a.sql", "CREATE LOGIN app WITH PASSWORD = N'«kV7!{{alnum 6}}»';"),
        ("a.tf", "password = \"«kV7!{{alnum 6}}»\""),
        (
            "a.tf",
            "variable \"db_password\" {\n  type = string\n  default = \"«kV7!{{alnum 6}}»\"\n}",
        ),
        ("a.tf", "environment = [{ name = \"API_TOKEN\", value = \"«{{alnum 32}}»\" }]"),
        ("a.py", "# password: «kV7!{{alnum 6}}»"),
        ("a.java", "// db password = «kV7!{{alnum 6}}»"),
        ("Jenkinsfile", "environment { API_TOKEN = '«{{alnum 32}}»' }"),
    ]);
}

#[test]
fn configuration_in_many_formats() {
    check_found(&[
        (".env", "SECRET_KEY=«{{hex 40}}»"),
        (".env", "export DB_PASSWORD=\"«kV7!{{alnum 6}}»\""),
        (".env", "DB_PASS='«kV7!{{alnum 6}}»' # the new one"),
        (".env", "DB_PASSWORD=«bluewhale77»"),
        ("a.sh", "export PGPASSWORD=«kV7!{{alnum 6}}»; psql -h db1"),
        ("a.sh", "PGPASSWORD=«kV7{{alnum 6}}» psql -h db1 -U app"),
        ("a.sh", "mysql --password=«kV7{{alnum 6}}» -u root app"),
        ("a.sh", "tool login --user app --password «kV7!{{alnum 6}}» --force"),
        ("a.sh", "TOKEN=\"${TOKEN:-«{{alnum 32}}»}\""),
        ("a.sh", "wget --http-password='«kV7!{{alnum 6}}»' https://acme.io"),
        ("a.sh", "curl -H 'X-API-Key: «{{alnum 32}}»' https://acme.io"),
        ("a.bat", "set DB_PASSWORD=«kV7!{{alnum 6}}»"),
        ("a.cmd", "setx API_TOKEN «{{alnum 32}}»"),
        ("a.fish", "set -gx API_TOKEN «{{alnum 32}}»"),
        ("Dockerfile", "ENV DB_PASSWORD «kV7!{{alnum 6}}»"),
        ("Dockerfile", "ENV DB_PASSWORD=«kV7!{{alnum 6}}»"),
        ("Dockerfile.prod", "ARG NPM_TOKEN=«{{alnum 32}}»"),
        ("Makefile", "API_TOKEN ?= «{{alnum 32}}»"),
        ("a.yml", "db:\n  password: «kV7{{alnum 12}}!»"),
        ("a.yml", "password: «kV7!{{alnum 6}}» # rotate me"),
        ("a.yml", "db: {user: app, password: «kV7!{{alnum 6}}», port: 1}"),
        ("a.yml", "password: |\n  «kV7!{{alnum 6}}»\n"),
        ("a.yml", "- name: DB_PASSWORD\n  value: «kV7!{{alnum 6}}»"),
        ("a.yml", "- name: DB_PASSWORD\n  value: \"«kV7!{{alnum 6}}»\""),
        ("a.yml", "environment:\n  - DB_PASSWORD=«kV7!{{alnum 6}}»"),
        ("a.yml", "variables:\n  DB_PASSWORD:\n    value: \"«kV7!{{alnum 6}}»\""),
        ("a.yml", "- run: tool --token=«{{alnum 32}}» deploy"),
        ("a.yml", "kennwort: «bluewhale77»"),
        ("a.yml", "senha: '«kV7!{{alnum 6}}»'"),
        ("a.yml", "пароль: «kV7!{{alnum 6}}»"),
        ("a.yml", "users:\n- name: x\n  user:\n    token: «{{alnum 40}}»"),
        ("a.properties", "spring.datasource.password=«kV7!{{alnum 6}}»"),
        ("a.properties", "spring.datasource.password=${DB_PASSWORD:«kV7!{{alnum 6}}»}"),
        ("a.properties", "jwt.secret = «{{alnum 40}}»"),
        ("a.ini", "[mail]\npassword = «kV7!{{alnum 6}}»"),
        (".my.cnf", "[client]\nuser=app\npassword=«kV7!{{alnum 6}}»"),
        (".pypirc", "[pypi]\nusername = anna\npassword = «kV7!{{alnum 6}}»"),
        (".npmrc", "//registry.acme.io/:_authToken=«{{alnum 36}}»"),
        ("a.toml", "[database]\npassword = \"«kV7!{{alnum 6}}»\""),
        ("redis.conf", "requirepass «kV7!{{alnum 6}}»"),
        ("a.conf", "dsn = host=db1 user=app password=«kV7{{alnum 6}}» dbname=x"),
        ("a.tfvars", "db_password = \"«kV7!{{alnum 6}}»\""),
        ("a.json", "{\"auth_token\": \"«{{alnum 32}}»\"}"),
        ("a.json", "{\"password\": \"«kV7!{{alnum 6}}»\"}"),
        ("a.json", "{\"name\": \"DB_PASSWORD\", \"value\": \"«kV7!{{alnum 6}}»\"}"),
        ("a.json", "{\"Key\": \"ApiToken\",\n \"Value\": \"«{{alnum 32}}»\"}"),
        ("a.json", "{\"env\": \"{\\\"api_token\\\": \\\"«{{alnum 32}}»\\\"}\"}"),
        ("a.json", "{\"Db\": \"Server=db1;User Id=sa;Password=«kV7{{alnum 6}}»;\"}"),
        ("a.json", "\"Pwd=«kV7{{alnum 6}}»;Server=db1\""),
        ("a.json", "\"args\": [\"--password\", \"«kV7!{{alnum 6}}»\"]"),
        ("a.ipynb", "\"source\": [\"api_key = \\\"«{{alnum 32}}»\\\"\\n\"]"),
        ("a.xml", "<password>«kV7{{alnum 20}}»</password>"),
        ("a.xml", "<db password=\"«kV7!{{alnum 6}}»\"/>"),
        ("a.xml", "<add key=\"Password\" value=\"«kV7!{{alnum 6}}»\" />"),
        ("a.xml", "<param name=\"password\">«kV7!{{alnum 6}}»</param>"),
        ("a.xml", "<property name=\"hibernate.connection.password\">«kV7!{{alnum 6}}»</property>"),
        ("a.xml", "<property name=\"password\" type=\"string\" value=\"«kV7!{{alnum 6}}»\"/>"),
        ("a.plist", "<key>ApiToken</key>\n\t<string>«{{alnum 32}}»</string>"),
        ("a.reg", "\"Password\"=\"«kV7!{{alnum 6}}»\""),
        ("notes.txt", "password: «kV7!{{alnum 6}}»"),
        ("a.log", "GET /v1?token=«{{alnum 32}}» 200"),
        ("a.diff", "+DB_PASSWORD=«kV7!{{alnum 6}}»"),
        ("a.patch", "+  api_token: \"«{{alnum 32}}»\""),
        ("a.http", "X-Api-Key: «{{alnum 32}}»"),
        ("README.md", "export API_TOKEN=«{{alnum 32}}»"),
    ]);
}

#[test]
fn passwords_that_people_choose() {
    check_found(&[
        (".env", "DB_PASSWORD=«butterfly-pumpkin-garnet-109»"),
        (".env", "SMTP_PASS=\"«Rosebud2012*»\""),
        ("a.yml", "password: «Lagoon-1986»"),
        ("a.yml", "password: «Valencia223--»"),
        ("a.py", "password = \"«pumpkin-london-search-945»\""),
        ("a.tf", "password = \"«butterfly2024#»\""),
    ]);
    check_quiet(&[
        (".env", "DB_PASSWORD=Summer2024!"),
        (".env", "DB_PASSWORD=acme1999"),
        ("a.yml", "password: my-app-password-2"),
        ("tests/a.py", "password = \"pumpkin-london-search-945\""),
    ]);
}

#[test]
fn sections_scopes_and_sentences() {
    check_found(&[
        ("a.json", "{\"Jwt\": {\"Key\": \"«{{alnum 32}}»\", \"Issuer\": \"x\"}}"),
        ("a.ini", "[jwt]\nkey = «{{alnum 32}}»"),
        ("a.ps1", "$env:DB_PASSWORD = '«{{alnum 20}}»'"),
        (
            "a.py",
            "SECRET_KEY = \"«{{alnum-lower 8}}#{{alnum-lower 6}}&x@{{alnum-lower 9}}%{{alnum-lower 7}}^{{alnum-lower 10}}!(+»\"",
        ),
        ("a.txt", "host=db1 user=app password=«{{alnum 24}}» sslmode=require"),
        ("README.md", "Log in as `app` with password `«{{alnum 24}}»`."),
        ("README.md", "The password is «{{alnum 24}}»."),
        ("README.md", "<!-- staging login: app / password: «{{alnum 24}}» -->"),
    ]);
}

#[test]
fn examples_names_and_numbers() {
    check_quiet(&[
        ("a.json", "{\"openapi\": \"3.1.0\", \"x\": {\"token\": \"{{alnum 29}}\"}}"),
        ("a.json", "{\"example\": {\"value\": {\"access_token\": \"{{hex 40}}\"}}}"),
        ("a.json", "{\"output_cost_per_token_above_200k_tokens\": 2.25e-05, \"a\": 1}"),
        ("a.py", "errors = {'MISSING_PASSPHRASE': GpgMissingPassPhrase2, 'a': 1}"),
        ("a.py", "{\"secret\": \"V1SecretVolumeSource\"}"),
        ("a.js", "{ token: \"keyword.$S2\", next: \"@pop\" }"),
        ("a.js", "// sign('', 'test_secret') => '{{hex 64}}'"),
        ("a.js", "{ token: \"keyword.tag-$1\" }"),
        ("a.json", "{\"example\": {\"token\": \"gh{{alnum 1}}_{{alnum 36}}\"}}"),
        ("a.py", "base = get_secret(\"A2A_API_BASE\")"),
        ("a.rs", "#[case] password: Option<&str>,"),
        ("a.py", "# Pass `verbosity=0` to get a table"),
        ("a.json", "{\"password\": \"pbkdf2_sha256$10000${{alnum 12}}${{alnum 43}}=\"}"),
    ]);
}

#[test]
fn what_only_looks_like_an_assignment() {
    check_quiet(&[
        ("a.py", "password = get_password_from_vault_1()"),
        ("a.py", "if token == \"{{alnum 32}}\": pass"),
        ("a.py", "max_tokens = \"{{alnum 32}}\""),
        ("a.py", "password = os.environ[\"DB_PASSWORD\"]"),
        ("a.py", "token_url = \"https://auth.example.com/token\""),
        ("a.py", "def login(user, password, token=None): return password"),
        ("a.py", "password = user_supplied_password_1"),
        ("a.py", "password: str = Field(description=\"Password with 8 characters\")"),
        ("a.py", "token = tokens[0]; secret = self.secret_2"),
        ("a.py", "parser.add_argument('--password', help='Password for 2 hosts')"),
        ("a.py", "raise ValueError('password', 'must have 8 characters')"),
        ("a.py", "PASSWORD_REGEX = r'^(?=.*[A-Z]).{8,}$'"),
        ("a.py", "api_key = f\"{prefix}-{uuid4()}\""),
        ("a.py", "fields = ['username', 'password', 'email2', 'token']"),
        ("a.py", "tokenizer = \"cl100k_base\""),
        ("a.yml", "secret: ${{ secrets.DEPLOY_KEY }}"),
        ("a.yml", "token: $CI_JOB_TOKEN"),
        ("a.yml", "secretName: my-app-secret-2"),
        ("a.yml", "password: \"Enter your password\""),
        ("a.yml", "passwordLabel: Password must have 8 characters"),
        ("a.yml", "token_type: Bearer"),
        ("a.yml", "secret: app-tls-v2"),
        ("a.yml", "password: changeme"),
        ("a.yml", "password: true"),
        ("a.yml", "api_key_header: X-API-Key"),
        ("a.yml", "token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256"),
        ("config/locales/de.yml", "password: Kennwort2"),
        ("a.json", "{\"password\": \"string\", \"token_uri\": \"https://oauth2.acme.io/t\"}"),
        ("a.json", "{\"primary_key\": \"{{alnum 24}}\", \"cache_key\": \"{{hex 32}}\"}"),
        ("a.json", "{\"passwordPolicy\": \"Min8Chars\", \"keyId\": \"{{hex 32}}\"}"),
        ("a.js", "const selector = { password: '#password-2', token: '.token-field' }"),
        ("a.js", "passwordInput.value = '{{alnum 6}}'; password.length = 8"),
        ("a.ts", "password: string; token: Token2; secret?: SecretType1"),
        ("a.ts", "t('password', 'Passwort1')"),
        ("a.py", "__all__ = ['OAuth2Token', 'AsyncOAuth2Client', 'Secret1Manager']"),
        ("a.json", "{\"Arn\": \"arn:aws:secretsmanager:eu-west-1:1:secret:{{alnum 24}}\"}"),
        ("a.json", "{\"AWS::IAM::AccessKey\": \"{{hex 32}}\"}"),
        ("a.json", "{\"api_key\": \"1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d\"}"),
        ("a.html", "<label for=\"password\">Password 8+</label>"),
        ("a.html", "<input type=\"password\" name=\"password\" id=\"pw1\">"),
        ("a.go", "token := fmt.Sprintf(\"%s-%d\", a, b)"),
        ("a.java", "String password = resolver.resolve(\"app.password.2\");"),
        ("Cargo.lock", "token = \"{{alnum 32}}\""),
        (".secrets.baseline", "{\"hashed_secret\": \"{{hex 40}}\"}"),
        ("a.min.js", "token=\"{{alnum 32}}\""),
        ("a.js.map", "\"token\": \"{{alnum 32}}\""),
        ("tests/a.py", "password = \"kV7!{{alnum 6}}\""),
        (".env.example", "DB_PASSWORD=kV7!{{alnum 6}}"),
        ("a.sh", "read -s -p 'Password: ' PASSWORD"),
        ("a.sh", "echo \"password: ${1:-x}\"; PASSWORD=$2; TOKEN=$(cat /run/token)"),
        ("a.sh", "TOKEN=`cat /run/token1`"),
        ("a.tf", "variable \"db_password\" {\n  type = string\n}\ndefault = \"kV7!{{alnum 6}}\""),
        ("a.tf", "password = var.db_password_2"),
        ("a.tf", "secret_id = aws_secretsmanager_secret.db1.id"),
    ]);
}

#[test]
fn one_call_with_many_small_ranges_finds_the_same() {
    let rules = RuleSet::builtin();
    let rule = rules.by_id("generic-assignment").unwrap();
    let bytes = expand("a = 1\nDB_PASSWORD=«kV7!{{alnum 6}}»\nb = 2\n", 1).unwrap().text;
    let text = Text { bytes: bytes.as_bytes(), kind: FileKind::of_path(b".env") };
    let at = bytes.find("PASSW").unwrap();
    let found = find(rule, &text, at..at + 5);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].confidence, Confidence::Medium);
}

#[test]
fn hostile_text_is_read_within_bounds() {
    let rules = RuleSet::builtin();
    let rule = rules.by_id("generic-assignment").unwrap();
    for piece in
        ["password=", "password: \"", "password: |\n", "secret[", "token,\"", "x-\\\"", "ключ"]
    {
        let bytes = piece.repeat(2000);
        for kind in
            [".env", "a.yml", "a.py", "a.json", "a"].map(|p| FileKind::of_path(p.as_bytes()))
        {
            for len in [bytes.len(), 1, 7, 9, 10, 11, 12] {
                let text = Text { bytes: &bytes.as_bytes()[..len], kind };
                find(rule, &text, 0..len);
            }
        }
    }
}

#[test]
fn what_only_looks_assigned_is_quiet() {
    check_quiet(&[
        ("a.py", "MODEL_TOKENS = {\n    \"claude-{{alnum 20}}\": 8192,\n}"),
        ("a.rs", "let name = \"{api_key:{{hex 64}}}:requests\";"),
        ("a.py", "load(\"hf_token\", \"Qwen/Qwen3-Embedding-0.6B\")"),
        ("a.py", "help=\"Example api_key='{{hex 64}}'\""),
        ("a.json", "{\"DkimTokens\": [\"{{alnum-lower 42}}\"]}"),
        ("a.json", "{\"VerificationToken\": \"{{base64 43}}=\"}"),
        ("a.json", "{\"auth\": \"{{base64-of robert:not my real password}}\"}"),
        ("a.json", "{\"auth\": \"{{base64-of robert:changeme}}\"}"),
        ("a.py", "posthog_api_key = \"phc_{{alnum 43}}\""),
    ]);
    check_found(&[
        ("a.json", "{\"auth\": \"«{{base64-of robert:kV7xQ2mLp9Zt4wRb}}»\"}"),
        ("a.py", "tokens = {\"api_key\": \"«{{hex 64}}»\"}"),
    ]);
}

#[test]
fn letters_that_chance_made_are_told_from_words() {
    check_found(&[
        ("main.tf", "  password = \"«{{letters 14}}»\""),
        ("app.yml", "password: «{{letters 12}}»"),
        (".env", "WEATHER_KEY=«{{hex 32}}»"),
        ("a.js", "const GIPHY_KEY = '«{{alnum 32}}»';"),
    ]);
    check_quiet(&[
        ("main.tf", "  password = \"getPasswordFromStore\""),
        ("a.java", "private static final String CACHE_KEY = \"userDetailsByName\";"),
        (".env", "CACHE_KEY={{hex 32}}\nPRODUCT_KEY={{alnum 32}}"),
        ("a.js", "const cacheKey = '{{hex 32}}', giphyKey = 'kV';"),
    ]);
}

#[test]
fn words_and_numbers_that_only_look_made_by_chance() {
    check_quiet(&[
        ("he.json", r#"{"password": "\u05e1\u05d9\u05e1\u05de\u05d4"}"#),
        ("ja.json", r#"{"api_key": "API\u30ad\u30fc\u3092\u5165\u529b"}"#),
        ("a.ts", "const usdc = { tokenAddress: '0x{{hex 40}}', token: '0x{{hex 40}}' }"),
        ("Dockerfile", "ENV GPG_KEY={{hex-upper 40}}"),
        (".gitconfig", "[user]\n  signingkey = {{hex-upper 16}}"),
        ("a.py", "dependencies = [('authtoken', '0002_auto_20160226_1747')]"),
        ("a.yml", "token: 0002_auto_20160226_1747"),
        ("a.sh", "kubectl create quota q --hard=secrets=5,persistentvolumeclaims=10"),
    ]);
    check_found(&[
        ("he.json", r#"{"password": "«\u05e1kV7!{{alnum 12}}»"}"#),
        ("a.ts", "const token = '«0x{{hex 64}}»';"),
        ("a.yml", "signing_key: «{{hex 40}}»"),
    ]);
}
