using PasswordSync.Core.Ports;
using PasswordSync.Journal;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Sqlite;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode;

/// <summary>Opens the store that the configuration names.</summary>
internal static partial class NodeStore
{
    /// <summary>How long the node waits before it looks again for a database server that is away at its start.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(2);

    /// <summary>How long a command waits for it.</summary>
    private static readonly TimeSpan CommandWaitMax = TimeSpan.FromSeconds(30);

    /// <summary>The file of a node that has its database to itself.</summary>
    public static string FileOf(NodeConfiguration configuration) => Path.Combine(configuration.DataFolder, "node.db");

    /// <summary>What the configuration names, for people.</summary>
    public static string Describe(NodeConfiguration configuration) => configuration.Node.Database is { Kind: "postgres" } database
        ? $"PostgreSQL, schema {database.Schema}"
        : FileOf(configuration);

    /// <summary>Opens it. A database server that is away is waited for: nodes and servers may be started in any order.</summary>
    /// <param name="configuration">Which.</param>
    /// <param name="clock">The clock; a database server that others use too sets it.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreRefusedException">It cannot be opened as it was asked for; the message says what to change.</exception>
    public static async Task<IStore> OpenAsync(NodeConfiguration configuration, DatabaseClock clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (configuration.Node.Database.Kind == "sqlite") return await SqliteStore.OpenAsync(SqliteOptions(configuration), clock, loggers, cancellationToken).ConfigureAwait(false);
        var options = PostgresOptions(configuration, clock);
        return await WaitAsync(() => PostgresStore.OpenAsync(options, clock, loggers, cancellationToken), LoggingTo(loggers), TimeSpan.MaxValue, clock, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets the clock by a database server that others use too, and changes nothing there. One that is away is waited for, as by <see cref="OpenAsync"/>.</summary>
    /// <param name="configuration">Which.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreRefusedException">It cannot be opened as it was asked for; the message says what to change.</exception>
    public static Task SetClockAsync(NodeConfiguration configuration, DatabaseClock clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var options = PostgresOptions(configuration, clock);
        return WaitAsync(
            async () =>
            {
                await PostgresStore.ReadClockAsync(options, cancellationToken).ConfigureAwait(false);
                return clock;
            },
            LoggingTo(loggers), TimeSpan.MaxValue, clock, cancellationToken);
    }

    /// <summary>The clock by which the cluster's nodes judge certificates and revocations: the database's, asked once, or the machine's beside a file. For commands, whose node may not run.</summary>
    /// <param name="configuration">Which.</param>
    /// <param name="machine">The machine's clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreRefusedException">The database refuses the node; the message says what to change.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be asked now, or its clock and the machine's are too far apart; the message says what to change.</exception>
    public static async Task<TimeProvider> ReadClockAsync(NodeConfiguration configuration, TimeProvider machine, CancellationToken cancellationToken)
    {
        if (configuration.Node.Database.Kind == "sqlite") return machine;
        var clock = new DatabaseClock(machine);
        try
        {
            await PostgresStore.ReadClockAsync(PostgresOptions(configuration, clock), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            throw new StorageUnavailableException($"The nodes judge certificates and revocations by the database's time, which must be asked for first. {failure.Message}", failure);
        }

        return clock;
    }

    /// <summary>As <see cref="ReadClockAsync"/>, for commands that people give: a database server that is away, such as one that is just failing over, is waited for.</summary>
    /// <param name="configuration">Which.</param>
    /// <param name="machine">The machine's clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreRefusedException">The database refuses the node, which is told at once; the message says what to change.</exception>
    /// <exception cref="StorageUnavailableException">The database could not be asked for 30 s, or its clock and the machine's are too far apart; the message says what to change.</exception>
    public static Task<TimeProvider> WaitForClockAsync(NodeConfiguration configuration, TimeProvider machine, CancellationToken cancellationToken)
    {
        var isTold = false;
        return WaitAsync(() => ReadClockAsync(configuration, machine, cancellationToken), Tell, CommandWaitMax, machine, cancellationToken);

        void Tell(string reason)
        {
            if (!isTold) Console.Error.WriteLine($"{reason}{Environment.NewLine}Trying again for {CommandWaitMax.TotalSeconds:0} s.");
            isTold = true;
        }
    }

    /// <summary>Tries until it succeeds, or for so long.</summary>
    private static async Task<T> WaitAsync<T>(Func<Task<T>> open, Action<string> tell, TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await open().ConfigureAwait(false);
            }
            catch (StorageUnavailableException failure) when (clock.GetElapsedTime(began) < atMost)
            {
                tell(failure.Message);
                await Task.Delay(LookAgainAfter, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Action<string> LoggingTo(ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger(typeof(NodeStore).FullName!);
        return reason => LogWaiting(logger, reason);
    }

    private static PostgresStoreOptions PostgresOptions(NodeConfiguration configuration, DatabaseClock clock) =>
        PostgresOptions(configuration.Node, token => ReadPasswordAsync(configuration, token)) with { Clock = clock };

    // The driver takes a string, which nobody can wipe: docs/security.md says so.
    private static async ValueTask<string> ReadPasswordAsync(NodeConfiguration configuration, CancellationToken cancellationToken)
    {
        using var secret = await NodeParts.ResolveAsync(configuration, "database.password", configuration.Node.Database.Password!, cancellationToken).ConfigureAwait(false);
        return await secret.WithUtf8Async(bytes => Task.FromResult(System.Text.Encoding.UTF8.GetString(bytes.Span))).ConfigureAwait(false);
    }

    /// <summary>How a PostgreSQL store is opened; <see cref="StoreOptions.FindFault"/> says what is wrong with it.</summary>
    public static PostgresStoreOptions PostgresOptions(NodeSettings node, Func<CancellationToken, ValueTask<string>>? password) => new()
    {
        ConnectionString = node.Database.Connection ?? "",
        Password = node.Database.Password is null ? null : password,
        Schema = node.Database.Schema,
        Expiry = node.Database.Expiry,
        Heartbeat = node.Database.Heartbeat,
        NodeName = node.Name,
        ShardCount = node.Shards,
        AcceptedKeptFor = node.MaximumAge * 2,
        EventsKeptFor = node.HistoryKeptFor,
    };

    /// <summary>How a file is opened.</summary>
    public static SqliteStoreOptions SqliteOptions(NodeConfiguration configuration) => new()
    {
        Path = FileOf(configuration),
        NodeName = configuration.Node.Name,
        ShardCount = configuration.Node.Shards,
        AcceptedKeptFor = configuration.Node.MaximumAge * 2,
        EventsKeptFor = configuration.Node.HistoryKeptFor,
    };

    [LoggerMessage(4511, LogLevel.Warning, "The database is waited for: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string reason);
}
