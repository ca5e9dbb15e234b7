using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Audit;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Audit;

/// <summary>What commands did beside the node comes into the audit of its real database.</summary>
public sealed class Command_audit_tests : IAsyncLifetime
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-commands-").FullName;
    private readonly LogLines log = new();
    private SqliteStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private CommandRecords Records => new(folder);

    private IAuditLog Audit => store.Operations.Audit;

    public async ValueTask InitializeAsync() => store = await SqliteStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(folder, "node.db"), NodeName = "node1", ShardCount = 4 }, TimeProvider.System, log, Token);

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact(Timeout = 300_000)]
    public async Task Each_command_is_there_once_in_the_order_of_time_with_its_hash_in_the_log_and_no_file_is_left()
    {
        await WriteAsync("sign-node", Monday.AddMinutes(5));
        await WriteAsync("sign-edge", Monday);
        var taking = Taking(Audit);

        await taking.TakeAsync(Token);
        await taking.TakeAsync(Token);

        var records = await AllAsync();
        records.Select(record => (record.Entry.At, record.Entry.Operation)).ShouldBe([(Monday, "sign-edge"), (Monday.AddMinutes(5), "sign-node")]);
        records[0].Entry.ShouldBe(new AuditEntry(Monday, Environment.UserName, "command line", "node1", "sign-edge", "done", "of sign-edge", null, "made by sign-edge"));
        foreach (var record in records) log.All.ShouldContain(line => line.Contains($"Audit {record.Number}: {Environment.UserName} at the command line: {record.Entry.Operation}. {record.Hash}"));
        Records.List().ShouldBeEmpty();
    }

    [Fact(Timeout = 300_000)]
    public async Task A_record_that_cannot_be_read_is_told_once_by_its_file_and_keeps_no_other_back()
    {
        await WriteAsync("sign-edge", Monday);
        var broken = Path.Combine(folder, "commands", "0.json");
        await File.WriteAllTextAsync(broken, "{\"at\":", Token);
        var taking = Taking(Audit);

        await taking.TakeAsync(Token);
        await taking.TakeAsync(Token);

        (await AllAsync()).ShouldHaveSingleItem().Entry.Operation.ShouldBe("sign-edge");
        log.All.Count(line => line.Contains($"The file {broken} cannot be read or deleted")).ShouldBe(1);
        Records.List().ShouldBe([broken]);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_record_waits_for_a_database_that_is_away()
    {
        await WriteAsync("registration-key", Monday);

        await Should.ThrowAsync<StorageUnavailableException>(() => Taking(new AbsentAudit()).TakeAsync(Token));

        Records.List().Count.ShouldBe(1);
        await Taking(Audit).TakeAsync(Token);
        (await AllAsync()).ShouldHaveSingleItem().Entry.Operation.ShouldBe("registration-key");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_record_that_root_wrote_can_be_read_by_the_node_whose_folder_lets_nobody_else_in()
    {
        await WriteAsync("sign-edge", Monday);
        if (OperatingSystem.IsWindows()) return;

        File.GetUnixFileMode(Records.List().ShouldHaveSingleItem()).HasFlag(UnixFileMode.OtherRead).ShouldBeTrue();
        File.GetUnixFileMode(Path.Combine(folder, "commands")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_takes_a_record_the_moment_it_is_there_finds_it_whole_and_readable_and_does_not_disturb_the_command()
    {
        const int Commands = 50;
        Records.EnsureFolder();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var taking = Task.Run(async () =>
        {
            var taken = 0;
            while (taken < Commands)
            {
                ending.Token.ThrowIfCancellationRequested();
                var files = Records.List();

                // Who looks again without a pause takes the processor from the command.
                if (files.Count == 0) await Task.Yield();
                foreach (var file in files)
                {
                    CommandRecords.Read(file).Operation.ShouldBe("sign-edge");
                    if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead).ShouldBeTrue();
                    File.Delete(file);
                    taken++;
                }
            }
        }, ending.Token);

        try
        {
            for (var command = 0; command < Commands && !taking.IsFaulted; command++) await WriteAsync("sign-edge", Monday);
        }
        catch
        {
            await ending.CancelAsync();
            throw;
        }

        await taking;
    }

    private Task WriteAsync(string command, DateTimeOffset at) => Records.WriteAsync("node1", command, $"of {command}", $"made by {command}", at, Token);

    private CommandAudit Taking(IAuditLog audit) => new(Records, audit, TimeProvider.System, log.CreateLogger<CommandAudit>());

    private ValueTask<ImmutableArray<AuditRecord>> AllAsync() => Audit.ReadAsync(after: 0, limit: 10, newest: false, Token);

    /// <summary>The audit of a node whose database does not answer.</summary>
    private sealed class AbsentAudit : IAuditLog
    {
        public ValueTask<AuditRecord> AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => throw new StorageUnavailableException("The database is away.", inner: null);

        public ValueTask<ImmutableArray<AuditRecord>> ReadAsync(long after, int limit, bool newest, CancellationToken cancellationToken) => throw new StorageUnavailableException("The database is away.", inner: null);
    }
}
