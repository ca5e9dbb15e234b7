using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Journal.Tests.Sqlite;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>What is said when a PostgreSQL store cannot be opened or used, and which rights are enough.</summary>
public sealed class OpeningTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> BadOptions => new()
    {
        { "ConnectionString is empty", "" },
        { "ConnectionString has a password", "Host=db;Database=d;Password=hunter2" },
        { "ConnectionString has no Host", "Database=d" },
        { "ConnectionString has no Database", "Host=db" },
        { "ConnectionString cannot be used", "Host=db;Database=d;Colour=red" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public async Task Faulty_connection_string_is_told_without_being_shown(string says, string connection)
    {
        var refused = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(Options() with { ConnectionString = connection }));
        refused.Refusal.ShouldBe(StoreRefusal.BadOption);
        refused.Message.ShouldStartWith(says);
        refused.ToString().ShouldNotContain("hunter2");
    }

    [Fact]
    public void Bounds_of_the_settings_are_told_with_the_value_found_and_what_would_do()
    {
        (Options() with { Schema = "Password Sync" }).FindFault().ShouldBe("Schema is 'Password Sync': use a lower-case letter, then lower-case letters, digits and '_', up to 48 characters.");
        (Options() with { Expiry = TimeSpan.FromMilliseconds(200) }).FindFault().ShouldBe("Expiry is 200ms: use 1s to 5m.");
        (Options() with { Heartbeat = TimeSpan.FromSeconds(2) }).FindFault().ShouldBe("Heartbeat is 2s: use 100ms to 1333ms, a third of the expiry.");
        (Options() with { Heartbeat = TimeSpan.FromTicks(1) }).FindFault()!.ShouldEndWith("use 100ms to 1333ms, a third of the expiry.");
        (Options() with { Expiry = PostgresStoreOptions.ExpiryMin, Heartbeat = PostgresStoreOptions.HeartbeatMin }).FindFault().ShouldBeNull();
        Options().FindFault().ShouldBeNull();
    }

    [Fact(Timeout = 600_000)]
    public async Task Wrong_password_missing_database_and_missing_rights_are_told_apart()
    {
        var server = await servers.PostgresAsync(Token);
        var good = Options() with { ConnectionString = server.ConnectionStringWithoutPassword };
        await server.RunSqlAsync("DO $$ BEGIN CREATE ROLE stranger LOGIN PASSWORD 'stranger'; EXCEPTION WHEN duplicate_object THEN NULL; END $$", Token);

        var password = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(good with { Password = _ => ValueTask.FromResult("wrong") }));
        var missing = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(good with { ConnectionString = good.ConnectionString.Replace("Database=passwordsync", "Database=nowhere", StringComparison.Ordinal) }));
        var rights = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(good with
        {
            ConnectionString = good.ConnectionString.Replace("Username=postgres", "Username=stranger", StringComparison.Ordinal),
            Password = _ => ValueTask.FromResult("stranger"),
        }));

        (password.Refusal, missing.Refusal, rights.Refusal).ShouldBe((StoreRefusal.NoAccess, StoreRefusal.NotAStore, StoreRefusal.NoAccess));
        password.Message.ShouldContain("it refused the password; look at the reference of the password and the role (PostgreSQL 28P01");
        missing.Message.ShouldContain("there is no such database; make it, or name another one");
        rights.Message.ShouldContain("the role lacks a right");
    }

    [Fact(Timeout = 600_000)]
    public async Task Asking_for_the_time_alone_is_refused_for_the_same_reasons()
    {
        var server = await servers.PostgresAsync(Token);
        var good = Options() with { ConnectionString = server.ConnectionStringWithoutPassword, Clock = new DatabaseClock(TimeProvider.System) };
        await PostgresStore.ReadClockAsync(good.Patient(), Token);

        var password = await Should.ThrowAsync<StoreRefusedException>(() => PostgresStore.ReadClockAsync((good with { Password = _ => ValueTask.FromResult("wrong") }).Patient(), Token));
        var missing = await Should.ThrowAsync<StoreRefusedException>(() => PostgresStore.ReadClockAsync((good with { ConnectionString = good.ConnectionString.Replace("Database=passwordsync", "Database=nowhere", StringComparison.Ordinal) }).Patient(), Token));

        (password.Refusal, missing.Refusal).ShouldBe((StoreRefusal.NoAccess, StoreRefusal.NotAStore));
        password.Message.ShouldContain("it refused the password; look at the reference of the password and the role (PostgreSQL 28P01");
    }

    [Fact(Timeout = 600_000)]
    public async Task Node_that_changes_the_schema_tells_each_step_and_one_that_waits_for_it_says_so()
    {
        await using var subject = await PostgresStoreUnderTest.OpenAsync(servers);
        await subject.CloseAsync();
        await subject.Server.RunSqlAsync($"DROP SCHEMA {subject.Schema} CASCADE", Token);
        await using var database = new PostgresDatabase(subject.OptionsOf(new StoreSettings()));
        using LoggedLines first = new(), second = new(), third = new();
        await using (var connection = await database.OpenAsync(Token)) await PostgresMigrations.BringAsync(connection, database, [.. PostgresMigrations.All.Take(1)], LogTo(first), Token);
        first.Lines.ShouldHaveSingleItem().ShouldStartWith($"The database {database.Name} was made with schema 1 within ");

        // Somebody who has just begun: the next one waits, and goes on from there.
        await using var holder = await database.OpenAsync(Token);
        await using var transaction = await holder.BeginTransactionAsync(Token);
        await PostgresMigrations.LockAsync(holder, database, LogTo(third), Token);
        await using var waiter = await database.OpenAsync(Token);
        var waiting = PostgresMigrations.BringAsync(waiter, database, PostgresMigrations.All, LogTo(second), Token);
        await Eventually.HoldsAsync("the other node to say that it waits", Patience.Bound, _ => Task.FromResult(!second.Lines.IsEmpty), Token);
        second.Lines.ShouldHaveSingleItem().ShouldBe($"Another node looks after the schema of the database {database.Name}, or changes it; this one waits");
        waiting.IsCompleted.ShouldBeFalse();
        third.Lines.ShouldBeEmpty("it did not wait");
        await transaction.RollbackAsync(Token);
        await waiting;

        var lines = second.Lines.ToArray()[1..];
        lines[0].ShouldStartWith($"The database {database.Name} is brought from schema 1 to {PostgresMigrations.All.Count};");
        lines[1..^1].Select(line => line[..line.IndexOf(", took ", StringComparison.Ordinal)]).ShouldBe(PostgresMigrations.All.Skip(1).Select(step => $"The database {database.Name}: step {step.Number} of its schema, {step.Name}"));
        lines[^1].ShouldStartWith($"The database {database.Name} has schema {PostgresMigrations.All.Count} after ");

        MigrationLog LogTo(LoggedLines where) => new(where, TimeProvider.System, database.Name);
    }

    [Fact(Timeout = 600_000)]
    public async Task Role_with_the_documented_grants_may_make_the_schema_take_decide_deliver_count_maintain_and_take_another_node_down()
    {
        var server = await servers.PostgresAsync(Token);
        var name = $"r{Guid.NewGuid():N}";
        await server.RunSqlAsync($"CREATE ROLE {name} LOGIN PASSWORD 'a-password' NOSUPERUSER NOCREATEDB NOCREATEROLE; CREATE SCHEMA {name} AUTHORIZATION {name}; GRANT CONNECT ON DATABASE passwordsync TO {name};", Token);
        var options = Options() with
        {
            ConnectionString = server.ConnectionStringWithoutPassword.Replace("Username=postgres", $"Username={name}", StringComparison.Ordinal),
            Password = _ => ValueTask.FromResult("a-password"),
            Schema = name,
        };
        await using var store = await OpenAsync(options);
        await using var other = await OpenAsync(options with { NodeName = "node-2" });
        var worker = await Worker.StartAsync(store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await store.Inbox.AcceptAsync([Samples.Arrive(change)], Token);
        var row = (await worker.InboxAsync()).Single();
        (await worker.DecideAsync(row)).Result.ShouldBe(AppendResult.Appended);
        await worker.DeliverAsync(row.Identity, Samples.Mail, change.CaptureId);
        (await store.Rates.TakeAsync("mail", new RateRule(3, TimeSpan.FromHours(1)), wanted: 2, Token)).Permits.ShouldBe(2);
        (await store.Operations.Queries.CountAsync(long.MaxValue, Token)).Identities.ShouldBe(1);

        // It ends the other's sessions, which PostgreSQL allows for one's own role.
        var second = new NodeId("node-2", Guid.NewGuid());
        await other.Leases.KeepAsync(second, isLeaving: false, Token);
        (await store.Members.ListAsync(Token)).Count(member => member.IsAlive).ShouldBe(2);
        await store.Members.DownAsync(second, Token);
        (await store.Members.ListAsync(Token)).Single(member => member.Node == second).IsAlive.ShouldBeFalse();

        await store.MaintainAsync(Token);
        await store.Leases.ReleaseAsync(Worker.Node, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task Newer_schema_and_another_number_of_shards_are_refused_and_nothing_is_changed()
    {
        await using var subject = await PostgresStoreUnderTest.OpenAsync(servers);
        var options = subject.OptionsOf(new StoreSettings());
        (await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(options with { ShardCount = 64 }))).Refusal.ShouldBe(StoreRefusal.OtherShardCount);

        await subject.Server.RunSqlAsync($"INSERT INTO {subject.Schema}.schema_migration VALUES ({PostgresMigrations.All.Count + 1}, 'of-tomorrow', now())", Token);
        var refused = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(options));
        refused.Refusal.ShouldBe(StoreRefusal.NewerSchema);
        refused.Message.ShouldContain($"schema {PostgresMigrations.All.Count + 1}; this version knows schemas up to {PostgresMigrations.All.Count}");
    }

    [Fact(Timeout = 600_000)]
    public async Task Step_of_the_schema_may_take_longer_than_a_statement_of_daily_work()
    {
        await using var subject = await PostgresStoreUnderTest.OpenAsync(servers);
        var slow = new Migration(PostgresMigrations.All.Count + 1, "slow", "SELECT pg_sleep(2); CREATE TABLE slow (slices integer);");
        var given = new NpgsqlConnectionStringBuilder(subject.Server.ConnectionStringWithoutPassword)
        {
            Password = PostgresServer.AdministratorPassword,
            SearchPath = subject.Schema,
            Timeout = (int)Patience.Bound.TotalSeconds,
            CommandTimeout = 1,
            Pooling = false,
        };
        await using var connection = new NpgsqlConnection(given.ConnectionString);
        await connection.OpenAsync(Token);

        await PostgresMigrations.TakeAsync(connection, [slow], new MigrationLog(NullLogger.Instance, TimeProvider.System, subject.Schema), Token);

        (await subject.Server.RunSqlAsync($"SELECT name FROM {subject.Schema}.schema_migration WHERE number = {slow.Number} AND to_regclass('{subject.Schema}.slow') IS NOT NULL", Token)).ShouldBe("slow");
    }

    [Fact(Timeout = 600_000)]
    public async Task Nodes_that_start_at_the_same_moment_make_the_schema_once()
    {
        var server = await servers.PostgresAsync(Token);
        var options = Options() with { ConnectionString = server.ConnectionStringWithoutPassword, Schema = $"t{Guid.NewGuid():N}" };
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(options)));
        foreach (var store in stores) await store.DisposeAsync();
        (await server.RunSqlAsync($"SELECT count(*) FROM {options.Schema}.schema_migration", Token)).ShouldBe($"{PostgresMigrations.All.Count}");
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_is_away_is_trouble_that_may_pass()
    {
        var trouble = await Should.ThrowAsync<StorageUnavailableException>(() => OpenAsync(Options() with { ConnectionString = "Host=127.0.0.1;Port=1;Database=d;Username=u" }));
        trouble.Message.ShouldStartWith("The database d at 127.0.0.1");
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_several_hosts_the_one_that_is_there_is_used()
    {
        var server = await servers.PostgresAsync(Token);
        var several = server.ConnectionStringWithoutPassword.Replace("Host=127.0.0.1", $"Host=127.0.0.1:1,127.0.0.1:{server.Port}", StringComparison.Ordinal);
        await using var store = await OpenAsync(Options() with { ConnectionString = several, Schema = $"t{Guid.NewGuid():N}" });
        (await store.Leases.KeepAsync(Worker.Node, isLeaving: false, Token)).Shards.Count.ShouldBe(256);
    }

    [Theory]
    [InlineData("53100", "its disk is full")]
    [InlineData("25006", "it does not accept writes")]
    [InlineData("57P01", "it is shutting down")]
    [InlineData("08006", "the connection broke")]
    [InlineData("40P01", "gave up one of two transactions")]
    [InlineData("55P03", "a lock was not had in time")]
    [InlineData("42501", "the role lacks a right")]
    public void Trouble_of_the_server_may_pass_and_is_said_in_words(string state, string words)
    {
        var explained = PostgresTrouble.Explain(new PostgresException("as the server says", "ERROR", "ERROR", state), "db").ShouldBeOfType<StorageUnavailableException>();
        explained.Message.ShouldContain(words);
        explained.Message.ShouldContain(state);
    }

    [Fact]
    public void Trouble_of_every_kind_is_told_in_one_sentence_that_ends_once()
    {
        var answered = new PostgresException("as the server says", "ERROR", "ERROR", "28P01");
        var refused = new SocketException((int)SocketError.ConnectionRefused);
        var old = new OldServerException(ServerVersion.FindFault("13.22")!);
        Exception[] troubles =
        [
            answered, refused, old, new TimeoutException("The operation has timed out."), new NpgsqlException("Exception while reading from stream", new IOException("The pipe is broken.")),
            PostgresTrouble.OfServers(old, refused), PostgresTrouble.OfServers(answered, new TimeoutException("The operation has timed out.")), PostgresTrouble.OfServers(old, answered),
        ];

        foreach (var said in troubles.Select(trouble => PostgresTrouble.Describe(trouble, "db")))
        {
            said.ShouldStartWith("The database db cannot be used: ");
            said.TrimEnd('.').Length.ShouldBe(said.Length - 1, said);
            foreach (var end in (string[])[". ", ".;", ".)"]) said.ShouldNotContain(end);
        }

        PostgresTrouble.Describe(PostgresTrouble.OfServers(old, refused), "db").ShouldStartWith(
            "The database db cannot be used: of one of its servers, it runs on PostgreSQL 13.22: use 14 or newer; and of another, ");
    }

    [Theory]
    [InlineData("23505")]
    [InlineData("22P02")]
    [InlineData("42601")]
    public void Fault_of_a_statement_is_a_defect_and_never_passes_as_trouble(string state)
    {
        var fault = new PostgresException("as the server says", "ERROR", "ERROR", state);
        PostgresTrouble.Explain(fault, "db").ShouldBeSameAs(fault);
    }

    private static Task<PostgresStore> OpenAsync(PostgresStoreOptions options) => PostgresStore.OpenAsync(options.Patient(), TimeProvider.System, NullLoggerFactory.Instance, Token);

    private static PostgresStoreOptions Options() => new()
    {
        ConnectionString = "Host=db;Database=d;Username=u",
        Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
        NodeName = "node-1",
    };
}
