using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Journal.Tests.Conformance;

// Loads a store until it is killed. Each line on standard output says what was acknowledged, and ends with ";":
//   accepted CAPTURE ;   appended IDENTITY SEQUENCE ;   claimed KEY IDENTITY ;   published VERSION ;
if (args.Length != 2)
{
    Console.Error.WriteLine("Usage: PasswordSync.Journal.Crash DATABASE WORKERS");
    return 2;
}

var options = new SqliteStoreOptions
{
    Path = args[0],
    NodeName = "crash",
    SnapshotEvery = 7,
    MaintenanceInterval = TimeSpan.FromSeconds(1),

    // The samples have a fixed time, long ago by this process's clock.
    EventsKeptFor = TimeSpan.FromDays(36_500),
    AcceptedKeptFor = TimeSpan.FromDays(36_500),
};
await using var store = await SqliteStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
var node = new NodeId("crash", Guid.NewGuid());
await Task.WhenAll(Enumerable.Range(0, int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture)).Select(_ => Task.Run(LoadAsync)));
return 0;

async Task LoadAsync()
{
    var worker = await Worker.StartAsync(store, Samples.Start, node);
    for (var round = 0; ; round++)
    {
        var account = Samples.NewAccount();
        for (var version = 1u; version <= 6; version++) await ChangeAsync(worker, account, version);
        Tell($"published {await store.Configurations.PublishAsync($"{Guid.NewGuid()}", Samples.Start, CancellationToken.None)}");
    }
}

async Task ChangeAsync(Worker worker, AccountId account, uint version)
{
    var change = Samples.ChangeOf(account, version);
    await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
    Tell($"accepted {change.CaptureId}");
    var identity = (await store.Accounts.FindIdentityAsync(account, CancellationToken.None))!.Value;
    var row = await FindRowAsync(identity, change.CaptureId);
    await worker.DecideAsync(row);
    await TellSequenceAsync(worker, identity);
    var key = $"key-{change.CaptureId}";
    Tell($"claimed {key} {await store.TargetClaims.ClaimAsync(Samples.Mail, key, identity, CancellationToken.None)}");
    await worker.DeliverAsync(identity, Samples.Mail, change.CaptureId);
    await TellSequenceAsync(worker, identity);
    if (version % 2 == 0) await worker.DeliverAsync(identity, Samples.Files, change.CaptureId);
}

async Task<InboxRow> FindRowAsync(IdentityId identity, CaptureId capture)
{
    var rows = await store.Inbox.ReadAsync([identity.Shard(256)], new HashSet<long>(), limit: 1_000, CancellationToken.None);
    return rows.Single(row => row.Arrival.Id == capture);
}

async Task TellSequenceAsync(Worker worker, IdentityId identity) => Tell($"appended {identity} {(await worker.LoadAsync(identity)).Sequence}");

void Tell(string line)
{
    lock (options)
    {
        Console.Out.Write(line + " ;\n");
        Console.Out.Flush();
    }
}
