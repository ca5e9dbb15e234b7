using System.Collections.Immutable;
using PasswordSync.Lab;

namespace PasswordSync.Chaos.Cluster;

/// <summary>The database servers that nodes are given. All know <see cref="PostgresServer.Administrator"/> by <see cref="PostgresServer.AdministratorPassword"/>.</summary>
internal interface IChaosDatabase : IAsyncDisposable
{
    /// <summary>Where they listen; nodes are told all of them.</summary>
    ImmutableArray<int> Ports { get; }
}

/// <summary>A PostgreSQL server, alone or with a synchronous standby that somebody promotes by hand.</summary>
internal sealed class PostgresPair : IChaosDatabase
{
    /// <summary>The name by which the primary knows its standby.</summary>
    private const string StandbyName = "second";

    // Who may come in is written in pg_hba.conf: a virtual network's machines beside this one's loopback.
    private static readonly string[] Settings = ["listen_addresses = '*'"];

    // Servers are killed here and machines are not: a lone one needs not wait for its disk. With a standby nodes would tell of it.
    private static readonly string[] WithoutDisk = ["fsync = off"];

    private PostgresPair(PostgresServer primary) => Primary = primary;

    public PostgresServer Primary { get; private set; }

    public PostgresServer? Standby { get; private set; }

    public ImmutableArray<int> Ports => Standby is null ? [Primary.Port] : [Primary.Port, Standby.Port];

    public static async Task<IChaosDatabase> StartAsync(bool withStandby, CancellationToken cancellationToken)
    {
        var pair = new PostgresPair(await PostgresServer.StartAsync([.. Settings, .. withStandby ? [] : WithoutDisk], cancellationToken));
        if (!withStandby) return pair;
        try
        {
            pair.Standby = await pair.Primary.StartStandbyAsync(StandbyName, cancellationToken);
            await pair.Primary.WaitForStandbyAsync(StandbyName, cancellationToken);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>One server, whose tables have a small disk of their own.</summary>
    /// <param name="size">How large, as tmpfs understands it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IChaosDatabase> StartOnSmallDiskAsync(string size, CancellationToken cancellationToken) =>
        new PostgresPair(await PostgresServer.StartOnSmallDiskAsync(size, cancellationToken));

    /// <summary>After the primary's end and the standby's promotion: the former is made anew as the synchronous standby of the latter.</summary>
    public async Task ChangePlacesAsync(CancellationToken cancellationToken)
    {
        (Primary, Standby) = (Standby!, Primary);
        await Standby.BecomeStandbyAsync(Primary, StandbyName, cancellationToken);
        await Primary.WaitForStandbyAsync(StandbyName, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Standby is not null) await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
