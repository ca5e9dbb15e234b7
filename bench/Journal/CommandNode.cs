using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Bench;

/// <summary>
/// One of several nodes, in a process of its own, with the lease keeper of the product. For each line on its standard input, which says how many seconds, it runs the commands of the identities whose shards it owns, and
/// tells on its output how many shards those are and how many commands it has done.
/// </summary>
internal static class CommandNode
{
    /// <summary>Runs until the standard input ends.</summary>
    public static async Task RunAsync(string connectionString, string schema, string name, int outstanding)
    {
        await using var store = await StorePlace.OpenSharedAsync(connectionString, schema, name);
        var ownership = new ShardOwnership(store.Leases.ShardCount, TimeProvider.System);
        var keeper = new LeaseKeeper(store.Leases, new NodeId(name, Guid.NewGuid()), ownership, new LeaseKeeperOptions(), TimeProvider.System, NullLogger<LeaseKeeper>.Instance);
        using var ending = new CancellationTokenSource();
        var keeping = keeper.RunAsync(ending.Token);
        var load = new CommandLoad(store, ownership.EpochOf);
        while (await Console.In.ReadLineAsync(CancellationToken.None) is { } seconds)
        {
            var owned = ownership.Shards.ToHashSet();
            ImmutableArray<IdentityId> identities = [.. CommandLoad.All.Where(identity => owned.Contains(identity.Shard(store.Leases.ShardCount)))];
            var done = await load.RunAsync(identities, outstanding, TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{owned.Count} {done}"));
        }

        await ending.CancelAsync();
        await keeping;
    }
}
