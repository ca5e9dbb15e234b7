using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Sqlite.Operations;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <summary>The store of a single node: one SQLite file, used by one process at a time.</summary>
public sealed class SqliteStore : IStore
{
    private readonly ExclusiveUse use;
    private readonly SqliteEngine engine;
    private readonly SqliteMaintenance maintenance;
    private int closed;

    private SqliteStore(SqliteStoreOptions options, ExclusiveUse use, Action<CommitStage> interpose, TimeProvider time, ILogger logger)
    {
        this.use = use;
        engine = new SqliteEngine(options, new SqliteWriter(options, interpose, logger), new SqliteReaders(options));
        var traces = new SecretTraces();
        var journal = new SqliteIdentityJournal(engine, traces);
        Journal = journal;
        var inbox = new SqliteInbox(engine, new ArrivalReader(logger), time);
        Inbox = inbox;
        Secrets = new SqliteSecretStore(engine, traces);
        Accounts = new SqliteAccountStore(engine);
        Leases = new SqliteShardLeases(engine, time);
        Members = new SqliteMembers(engine);
        PendingWork = new SqlitePendingWork(engine);
        TargetClaims = new SqliteTargetClaims(engine);
        Rates = new SqliteRateBudget(engine, time);
        Edges = new SqliteEdgeRegistry(engine);
        Configurations = new SqliteConfigurationVersions(engine);
        Operations = new SqliteOperations(engine, inbox);
        maintenance = new SqliteMaintenance(engine, journal, traces, time, logger);
        maintenance.Start();
    }

    public IIdentityJournal Journal { get; }

    public IInbox Inbox { get; }

    public ISecretStore Secrets { get; }

    public IAccountStore Accounts { get; }

    public IShardLeases Leases { get; }

    public IClusterMembers Members { get; }

    public IPendingWork PendingWork { get; }

    public ITargetClaims TargetClaims { get; }

    public IRateBudget Rates { get; }

    public IEdgeRegistry Edges { get; }

    public IConfigurationVersions Configurations { get; }

    public IReplication? Replication => null;

    /// <summary>What the operations people's layer asks.</summary>
    public IOperationsStore Operations { get; }

    /// <summary>Opens the database, makes it if it is not there, and brings it to this version's schema.</summary>
    /// <param name="options">The file, and bounds.</param>
    /// <param name="timeProvider">The clock for retention and time-outs.</param>
    /// <param name="loggerFactory">For trouble and recovery.</param>
    /// <param name="cancellationToken">Ends the opening before it began.</param>
    /// <returns>The store; the caller owns it.</returns>
    /// <exception cref="StoreRefusedException">It is in use, newer, made for another number of shards, not ours, or a setting is outside its bounds; the message says what to do.</exception>
    /// <exception cref="StorageUnavailableException">The file cannot be opened, or not now.</exception>
    public static Task<SqliteStore> OpenAsync(SqliteStoreOptions options, TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken) =>
        OpenAsync(options, _ => { }, timeProvider, loggerFactory, cancellationToken);

    /// <summary>As the public one, with somebody who may fail in the database's place at each stage of a commit.</summary>
    internal static Task<SqliteStore> OpenAsync(
        SqliteStoreOptions options, Action<CommitStage> interpose, TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        if (options.FindFault() is { } fault) throw new StoreRefusedException(StoreRefusal.BadOption, fault);

        // On another thread, since SQLite's calls block the one they run on.
        return Task.Run(() => Open(options with { Path = Path.GetFullPath(options.Path) }, interpose, timeProvider, loggerFactory), cancellationToken);
    }

    public async ValueTask<StoreExamination> ExamineAsync(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var version = await engine.ReadAsync(session => session.Text("SELECT sqlite_version()"), cancellationToken).ConfigureAwait(false);
        return new StoreExamination("SQLite", version ?? "", Clock: null, Stopwatch.GetElapsedTime(begun));
    }

    public ValueTask<OpenWork> CountOpenWorkAsync(CancellationToken cancellationToken) => engine.ReadAsync(
        session => session.AtOneMoment(moment => new OpenWork(
            moment.Number("SELECT count(*) FROM inbox") ?? 0,
            moment.Number("SELECT count(*) FROM pending") ?? 0,
            moment.Number("SELECT count(*) FROM account WHERE intent_attempt_id IS NOT NULL") ?? 0)),
        cancellationToken);

    public ValueTask<MaintenanceReport> MaintainAsync(CancellationToken cancellationToken) => maintenance.PassAsync(cancellationToken);

    /// <summary>Does what was asked for before, then closes the database and lets another process have it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) != 0) return;
        await maintenance.DisposeAsync().ConfigureAwait(false);

        // The writer last: whoever closes the last connection writes the log back, and only one connection ever does that.
        engine.Readers.Dispose();
        await engine.Writer.DisposeAsync().ConfigureAwait(false);
        use.Dispose();
    }

    /// <summary>Runs statements on the writer's connection, for tests of what the database does by itself.</summary>
    internal async ValueTask RunAsync(string sql, CancellationToken cancellationToken) => await engine.Writer.WriteAsync(
        session =>
        {
            session.Run(sql);
            return true;
        },
        operations: 1,
        insideTransaction: false,
        cancellationToken).ConfigureAwait(false);

    private static SqliteStore Open(SqliteStoreOptions options, Action<CommitStage> interpose, TimeProvider time, ILoggerFactory loggerFactory)
    {
        var logger = loggerFactory.CreateLogger<SqliteStore>();
        var use = ExclusiveUse.Take(options.Path, options.NodeName, time.GetUtcNow());
        try
        {
            using (var session = SqliteSession.Open(options.Path, options.BusyTimeout, SessionUse.Making))
            {
                Migrations.Bring(session, options.Path, options.ShardCount, time, logger);
            }

            return new SqliteStore(options, use, interpose, time, logger);
        }
        catch (Exception trouble)
        {
            use.Dispose();
            if (SqliteTrouble.IsNoDatabase(trouble))
            {
                throw new StoreRefusedException(StoreRefusal.NotAStore, $"The file {options.Path} is not a database: name another path, or restore a backup.", trouble);
            }

            if (trouble is SqliteException && SqliteTrouble.IsOfStorage(trouble)) throw SqliteTrouble.Explain(trouble, options.Path);
            throw;
        }
    }
}
