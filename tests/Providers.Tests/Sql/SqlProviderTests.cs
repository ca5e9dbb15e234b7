using System.Text;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Sql;

public sealed class SqlProviderTests
{
    private const string Canary = "C4nary!Passw0rd";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_hash_is_that_of_PBKDF2_with_HMAC_SHA_256()
    {
        // RFC 7914, section 11: PBKDF2-HMAC-SHA-256 with P = "passwd", S = "salt", c = 1, first 32 bytes.
        var expected = Convert.FromHexString("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
        using var password = Any.Secret("passwd");

        new Pbkdf2Password(expected, Encoding.ASCII.GetBytes("salt"), 1).Matches(password).ShouldBeTrue();
        using var other = Any.Secret("passwe");
        new Pbkdf2Password(expected, Encoding.ASCII.GetBytes("salt"), 1).Matches(other).ShouldBeFalse();
    }

    [Fact]
    public async Task The_password_is_nowhere_in_the_file()
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(target, names.SamAccountName, Canary)).IsSuccess.ShouldBeTrue();

        var content = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(target.Options.Database, Token));
        content.ShouldContain(names.SamAccountName);
        content.ShouldNotContain(Canary);
        content.ShouldNotContain(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(Canary)));
    }

    [Fact]
    public async Task A_file_that_another_writer_holds_is_transient_and_nothing_is_written()
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names.SamAccountName);
        using var password = Any.Secret(Canary);
        var request = Any.Set(found.Target, found.Mark, TimeProvider.System);
        await using var hasty = SqlConformanceTarget.Make(target.Options with { LockTimeout = TimeSpan.FromSeconds(1) });

        await using (var other = target.Open())
        await using (other.BeginTransaction(deferred: false))
        {
            var outcome = await hasty.SetPasswordAsync(request, password, Token);
            outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("lockTimeout");
        }

        request.Permit.IsUsed.ShouldBeFalse();
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("DROP TABLE users", "no such table")]
    [InlineData("ALTER TABLE users RENAME COLUMN password_salt TO salt", "no such column")]
    public async Task A_table_of_another_shape_is_a_misconfiguration(string change, string reason)
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names.SamAccountName);
        target.Execute(change);
        using var password = Any.Secret(Canary);

        var outcome = await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain(reason);
        outcome.ToString().ShouldNotContain(Canary);
        (await target.Provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_file_that_may_only_be_read_is_a_misconfiguration_and_verification_finds_it()
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names.SamAccountName);

        // Rights do not bind root, as whom tests may run; a later version of the format for writing does (https://sqlite.org/fileformat2.html, 1.3.3).
        await using (var file = File.OpenWrite(target.Options.Database))
        {
            file.Position = 18;
            file.WriteByte(3);
        }

        using var password = Any.Secret(Canary);
        (await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        (await target.Provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_missing_file_is_a_misconfiguration_and_is_not_made()
    {
        using var folder = new ScratchFolder();
        await using var provider = new SqlProvider(new SqlOptions { Database = folder.PathOf("missing.db") }, new SecretReferences(NodeAllowList.Everything));

        (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
        File.Exists(folder.PathOf("missing.db")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_trigger_that_refuses_leaves_the_former_password()
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        target.Execute("CREATE TRIGGER frozen BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'frozen for the audit'); END");

        (await SetAsync(target, names.SamAccountName, Canary)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("frozen for the audit");
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_documented_trigger_raises_the_version_for_whoever_forgets_it_and_only_then()
    {
        await using var target = new SqlConformanceTarget();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        target.Execute(
            """
            CREATE TRIGGER password_version AFTER UPDATE OF password_hash ON users WHEN new.password_version = old.password_version
            BEGIN UPDATE users SET password_version = old.password_version + 1 WHERE id = new.id; END;
            """);
        var before = await FindAsync(target, names.SamAccountName);

        target.Execute("UPDATE users SET password_hash = x'00'");
        var forgotten = await FindAsync(target, names.SamAccountName);
        (await SetAsync(target, names.SamAccountName, Canary)).ShouldBe(new DeliveryOutcome.Delivered(new TargetMark("3"), null));

        (before.Mark, forgotten.Mark).ShouldBe((new TargetMark("1"), new TargetMark("2")));
    }

    private static async Task<Preparation.Found> FindAsync(SqlConformanceTarget target, string login) =>
        (await target.Provider.PrepareAsync(Any.Query(login), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<DeliveryOutcome> SetAsync(SqlConformanceTarget target, string login, string text)
    {
        var found = await FindAsync(target, login);
        using var password = Any.Secret(text);
        return await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
