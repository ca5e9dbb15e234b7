using Microsoft.Extensions.Logging;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>
/// Tells of arrivals: this node at once, the owners of other shards by NOTIFY; and of shards that were given back. Nothing depends on it: whoever waits looks by itself after a while, so
/// it also works through a connection pooler that drops notifications.
/// </summary>
internal sealed partial class ArrivalSignal(PostgresDatabase database, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>What a notification says that tells of shards given back; any other tells of arrivals, as those of nodes that know no difference do.</summary>
    public const string OfReleases = "released";

    /// <summary>How long after trouble the database is listened to again.</summary>
    private static readonly TimeSpan ListenAgainAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource closing = new();
    private readonly Signal notify = new();
    private volatile IReadOnlyCollection<int> ownShards = [];
    private Task running = Task.CompletedTask;

    /// <summary>Raised after arrivals were accepted by anyone.</summary>
    public Signal Arrived { get; } = new();

    /// <summary>Raised after shards were given back by any node.</summary>
    public Signal Released { get; } = new();

    /// <summary>The channel of notifications.</summary>
    public string Channel => database.Options.Schema + "_arrivals";

    public void Start() => running = Task.WhenAll(RepeatAsync(ListenAsync, closing.Token), RepeatAsync(NotifyAsync, closing.Token));

    /// <summary>Sets which shards are this node's: nobody else needs to hear of those.</summary>
    public void Own(IReadOnlyCollection<int> shards) => ownShards = shards;

    /// <summary>Tells whoever owns one of the shards.</summary>
    public void Raise(IReadOnlyCollection<int> shards)
    {
        Arrived.Raise();
        var own = ownShards;
        if (own.Count < database.Options.ShardCount && !shards.All(own.Contains)) notify.Raise();
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var disposing = connection.ConfigureAwait(false);
        connection.Notification += (_, told) => (told.Payload == OfReleases ? Released : Arrived).Raise();
        await connection.Command($"LISTEN {Channel}").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        while (true) await connection.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // After the commit, and apart from it: a transaction that notifies holds a lock of the whole database until its commit is flushed.
    private async Task NotifyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await notify.WaitAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false)) await connection.Command("SELECT pg_notify($1, '')", Of(Channel)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await run(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception trouble) when (PostgresTrouble.IsOfStorage(trouble))
            {
                SignalTroubled(logger, database.Name, trouble);
                await Task.Delay(ListenAgainAfter, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(EventId = 4111, Level = LogLevel.Debug, Message = "Notifications of the database {Database} are not to be had now; nodes look for arrivals by themselves")]
    private static partial void SignalTroubled(ILogger logger, string database, Exception trouble);
}
