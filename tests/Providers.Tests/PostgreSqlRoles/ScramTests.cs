using System.Globalization;
using System.Text;
using PasswordSync.Providers.PostgreSqlRoles.Scram;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.PostgreSqlRoles;

public sealed class ScramTests(PostgreSqlRolesServer server)
{
    /// <summary>Each with its reason: ASCII as it is, mapped, normalised, composed, reordered, Hangul, prohibited, unassigned in Unicode 3.2, two directions, nothing left.</summary>
    public static TheoryData<string> Passwords =>
    [
        "plain ASCII", "tab\tand\u0007bell", "no\u00A0break\u2003spaces", "soft\u00ADhyphen\u200D", "Combining-e\u0301a\u0308", "\uFB01ne \u2460\u00BD\u3392", "o\u0323\u0302\u0302\u0323", "\u1112\u1161\u11AB\uAE00",
        "\u212B\u2126\u1E9B\u0323", "\uFDFA", "private\uE000", "emoji\U0001F511", "\u0627\u0628\u062C", "\u0627b\u062C", "\u0627\u06281", "\u00AD", "\u0390\u03B0\u1FD3", "\u0958", "\u2ADC", "\U0001D15E", "\u0344", "\u1100\u1161\u11A8\u11A9",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Passwords))]
    public async Task The_verifier_is_the_one_that_the_server_makes_itself(string text)
    {
        var role = $"s{Guid.NewGuid():N}"[..16];
        await server.Server.RunSqlAsync($"CREATE ROLE {role} PASSWORD '{text.Replace("'", "''")}'", Token);
        var made = await server.Server.RunSqlAsync($"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'", Token);
        using var password = Any.Secret(text);
        using var other = Any.Secret(text + "x");

        ScramVerifier.Matches(made, password).ShouldBe(true);
        ScramVerifier.Matches(made, other).ShouldBe(false);
    }

    [Fact]
    public void The_example_of_RFC_7677_gives_its_keys()
    {
        using var password = Any.Secret("pencil");

        // The server signature of the RFC's exchange is HMAC(ServerKey, AuthMessage), the client proof opens to ClientKey: both are checked here.
        const string message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        var keys = ScramVerifier.Compute(password, Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096).Split('$')[2].Split(':');

        Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(Convert.FromBase64String(keys[1]), Encoding.ASCII.GetBytes(message))).ShouldBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        var signature = System.Security.Cryptography.HMACSHA256.HashData(Convert.FromBase64String(keys[0]), Encoding.ASCII.GetBytes(message));
        var clientKey = Convert.FromBase64String("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").Zip(signature, (a, b) => (byte)(a ^ b)).ToArray();
        Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(clientKey)).ShouldBe(keys[0]);
    }

    [Fact]
    public async Task Every_character_has_the_normal_form_that_another_implementation_gives_it()
    {
        var (_, output) = await Programs.RunAsync("/usr/bin/python3", ["-c", "import unicodedata as u\nfor c in range(0x110000):\n if not 0xd800<=c<0xe000:\n  s=chr(c); n=u.normalize('NFKC',s); m=u.normalize('NFKC','e'+s+'\\u0323\\u0301')\n  if n!=s or m!='e'+s+'\\u0323\\u0301': print(f'{c:X} '+'+'.join(f'{ord(x):X}' for x in n)+' '+'+'.join(f'{ord(x):X}' for x in m))"], Token);
        var changed = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(parts => parts[0]);

        changed.Count.ShouldBeGreaterThan(6_000);
        for (var codePoint = 0; codePoint < 0x30000; codePoint++)
        {
            if (codePoint is >= 0xD800 and < 0xE000) continue;
            var character = char.ConvertFromUtf32(codePoint);
            var hex = codePoint.ToString("X", CultureInfo.InvariantCulture);
            var (alone, amidst) = changed.TryGetValue(hex, out var parts) ? (parts[1], parts[2]) : (hex, $"65+{hex}+323+301");
            if (NormalForm(character) != alone || NormalForm($"e{character}\u0323\u0301") != amidst) Assert.Fail($"U+{hex}: {NormalForm(character)}, {NormalForm($"e{character}\u0323\u0301")} instead of {alone}, {amidst}");
        }
    }

    [Theory]
    [InlineData("md5abcdef")]
    [InlineData("SCRAM-SHA-256$4096:AAAA")]
    [InlineData("SCRAM-SHA-256$99999999999:AAAA$AAAA:AAAA")]
    [InlineData("SCRAM-SHA-256$4096:not base64$AAAA:AAAA")]
    [InlineData(null)]
    public void What_is_no_verifier_tells_nothing(string? text)
    {
        using var password = Any.Secret("pencil");

        ScramVerifier.Matches(text, password).ShouldBeNull();
    }

    private static string NormalForm(string text)
    {
        using var points = CodePoints.Of(text);
        using var normal = NormalFormKC.Of(points);
        return string.Join('+', normal.Span.ToArray().Select(point => point.ToString("X", CultureInfo.InvariantCulture)));
    }
}
