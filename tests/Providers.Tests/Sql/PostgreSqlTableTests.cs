using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Sql;

public sealed class PostgreSqlTableTests(PostgreSqlRolesServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_that_another_transaction_holds_is_transient_and_nothing_is_written()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var other = await target.ConnectAsync(Token);
        await using var transaction = await other.BeginTransactionAsync(Token);
        await using var command = new Npgsql.NpgsqlCommand($"SELECT 1 FROM {target.Table} FOR UPDATE", other);
        await command.ExecuteNonQueryAsync(Token);
        await using var hasty = PostgreSqlTableTarget.Make(target.Options with { LockTimeout = TimeSpan.FromSeconds(1) });

        (await SetAsync(target, hasty, names.SamAccountName!)).ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("lockTimeout");
        await transaction.RollbackAsync(Token);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task As_many_writes_wait_for_the_server_at_once_as_the_limits_let_through()
    {
        const int many = 20;
        await using var target = await OpenAsync();
        var all = new List<Core.Identities.AccountNames>();
        for (var i = 0; i < many; i++) all.Add(await target.AddAsync("F0rmer.Passw0rd!", Token));
        await using var other = await target.ConnectAsync(Token);
        await using var transaction = await other.BeginTransactionAsync(Token);
        await using (var locking = new Npgsql.NpgsqlCommand($"LOCK TABLE {target.Table} IN SHARE MODE", other)) await locking.ExecuteNonQueryAsync(Token);

        var writing = all.Select(names => SetAsync(target, target.Provider, names.SamAccountName!)).ToList();
        await Eventually.HoldsAsync("all writes to wait for the table", Any.LongTime, CountAsync, Token);
        await transaction.RollbackAsync(Token);

        (await Task.WhenAll(writing)).ShouldAllBe(outcome => outcome.IsSuccess);

        async Task<bool> CountAsync(CancellationToken token)
        {
            await using var counting = new Npgsql.NpgsqlCommand("SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted", other) { Parameters = { new() { Value = target.Table } } };
            return (long)(await counting.ExecuteScalarAsync(token))! == many;
        }
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_the_server_is_silent_ends_at_once_and_not_after_the_time_out()
    {
        await using var target = await OpenAsync();
        await using var silent = new SilentTcpServer();
        await using var provider = target.At(silent.EndPoint, connectTimeout: TimeSpan.FromMinutes(15));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var finding = provider.PrepareAsync(Any.Query("anna"), ending.Token);
        await Eventually.HoldsAsync("a connection to the silent server", Any.LongTime, _ => Task.FromResult(silent.Accepted > 0), Token);
        await ending.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => finding.WaitAsync(Any.LongTime, Token));
    }

    [Fact]
    public async Task A_statement_that_would_change_more_than_one_row_changes_none()
    {
        await using var target = await OpenAsync();
        var (first, second) = (await target.AddAsync("F0rmer.Passw0rd!", Token), await target.AddAsync("F0rmer.Passw0rd!", Token));
        await using var provider = PostgreSqlTableTarget.Make(target.Options with { SetStatement = $"UPDATE {target.Table} SET password_hash = @hash WHERE @key::text <> ''" });

        (await SetAsync(target, provider, first.SamAccountName!)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("2 rows");
        foreach (var names in (Core.Identities.AccountNames[])[first, second]) (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("ALTER TABLE {0} DROP COLUMN password_version")]
    [InlineData("REVOKE UPDATE ON {0} FROM sync")]
    public async Task A_verification_finds_columns_and_rights_that_are_missing(string change)
    {
        await using var target = await OpenAsync();
        (await target.Provider.VerifyAsync(Token)).IsGood.ShouldBeTrue();

        await target.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, change, target.Table), Token);

        (await target.Provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task The_server_logs_hashes_and_never_a_password()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(target, target.Provider, names.SamAccountName!)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        var log = await File.ReadAllTextAsync(server.Server.LogFile, Token);
        log.ShouldContain(target.Table);
        log.ShouldNotContain("C4nary!Passw0rd-7X");
    }

    [Fact]
    public void Statements_without_their_parameters_are_refused()
    {
        var reader = new SettingsReader(new Dictionary<string, string>
        {
            ["engine"] = "postgreSql",
            ["host"] = "db",
            ["database"] = "app",
            ["bindName"] = "sync",
            ["bindPassword"] = "env:P",
            ["table"] = "app.users; DROP TABLE users",
            ["findStatement"] = "SELECT 1",
            ["readStatement"] = "SELECT @key",
            ["setStatement"] = "UPDATE users SET hash = @hash WHERE id = @key",
        });

        SqlOptions.Read(reader, NodeAllowList.Everything).ShouldBeNull();

        reader.Finish().Select(fault => fault.Key).ShouldBe(["findStatement", "setStatement", "setStatement", "table"]);
    }

    private Task<PostgreSqlTableTarget> OpenAsync() => PostgreSqlTableTarget.OpenAsync(server, SqlHash.Sha512Crypt, withStatements: false, Token);

    private static async Task<DeliveryOutcome> SetAsync(PostgreSqlTableTarget target, IProvider provider, string login)
    {
        var found = (await target.Provider.PrepareAsync(Any.Query(login), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("C4nary!Passw0rd-7X");
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
