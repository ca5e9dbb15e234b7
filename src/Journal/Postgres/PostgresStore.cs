using Microsoft.Extensions.Logging;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Postgres.Leases;
using PasswordSync.Journal.Postgres.Operations;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Postgres;

/// <summary>The store of a cluster: a schema of a PostgreSQL database, used by any number of nodes.</summary>
public sealed class PostgresStore : IStore
{
    private readonly PostgresDatabase database;
    private readonly PostgresIdentityJournal journal;
    private readonly PostgresInbox inbox;
    private readonly PostgresSecretStore secrets;
    private readonly ArrivalSignal arrivals;
    private readonly PostgresShardLeases leases;
    private readonly PostgresTargetClaims claims;
    private readonly PostgresMaintenance maintenance;
    private int closed;

    private PostgresStore(PostgresDatabase database, TimeProvider time, ILogger logger)
    {
        this.database = database;
        arrivals = new ArrivalSignal(database, time, logger);
        Journal = journal = new PostgresIdentityJournal(database, logger);
        Inbox = inbox = new PostgresInbox(database, arrivals, new ArrivalReader(logger), time, logger);
        Secrets = secrets = new PostgresSecretStore(database, logger);
        Accounts = new PostgresAccountStore(database);
        Leases = leases = new PostgresShardLeases(database, arrivals, time, logger);
        Members = leases;
        PendingWork = new PostgresPendingWork(database);
        TargetClaims = claims = new PostgresTargetClaims(database, logger);
        Rates = new PostgresRateBudget(database);
        Edges = new PostgresEdgeRegistry(database);
        Configurations = new PostgresConfigurationVersions(database);
        Replication = new PostgresReplication(database);
        Operations = new PostgresOperations(database, inbox);
        maintenance = new PostgresMaintenance(database, journal, time, logger);
        arrivals.Start();
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

    public IReplication? Replication { get; }

    public IOperationsStore Operations { get; }

    /// <summary>Opens the database, makes the schema if it is not there, and brings it to this version.</summary>
    /// <param name="options">The server, and bounds.</param>
    /// <param name="timeProvider">The clock for retention and time-outs.</param>
    /// <param name="loggerFactory">For trouble and recovery.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The store; the caller owns it.</returns>
    /// <exception cref="StoreRefusedException">The server is too old or behind a pooler in transaction mode, refuses the role, has no such database, or the schema is newer or made for another number of shards; or a setting is outside its bounds. The message says what to do.</exception>
    /// <exception cref="StorageUnavailableException">The server cannot be reached, or not now.</exception>
    public static async Task<PostgresStore> OpenAsync(PostgresStoreOptions options, TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        if (options.FindFault() is { } fault) throw new StoreRefusedException(StoreRefusal.BadOption, fault);
        var logger = loggerFactory.CreateLogger<PostgresStore>();
        var database = new PostgresDatabase(options);
        try
        {
            await OwnSessions.RequireAsync(database, cancellationToken).ConfigureAwait(false);
            var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await PostgresMigrations.BringAsync(connection, database, PostgresMigrations.All, new MigrationLog(logger, timeProvider, database.Name), cancellationToken).ConfigureAwait(false);
                if (options.Clock is { } clock) await LookAtClockAsync(connection, clock, cancellationToken).ConfigureAwait(false);
            }

            return new PostgresStore(database, timeProvider, logger);
        }
        catch (Exception trouble)
        {
            await database.DisposeAsync().ConfigureAwait(false);
            if (FindRefusal(trouble, database) is { } refused) throw refused;
            if (PostgresTrouble.IsOfStorage(trouble)) throw PostgresTrouble.Explain(trouble, database.Name);
            throw;
        }
    }

    /// <summary>Lets the server set the clock of the options, and does nothing else: it makes no schema and leaves no connection.</summary>
    /// <param name="options">The server, and the clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreRefusedException">The server is too old, refuses the role, has no such database, or a setting is outside its bounds. The message says what to do.</exception>
    /// <exception cref="StorageUnavailableException">The server cannot be reached, or its clock is not believed (<see cref="DatabaseClock.CorrectionMax"/>).</exception>
    public static async Task ReadClockAsync(PostgresStoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.Clock);
        if (options.FindFault() is { } fault) throw new StoreRefusedException(StoreRefusal.BadOption, fault);
        var database = new PostgresDatabase(options);
        await using var disposing = database.ConfigureAwait(false);
        try
        {
            await database.UseAsync(
                async (connection, token) =>
                {
                    await LookAtClockAsync(connection, options.Clock, token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception trouble)
        {
            if (FindRefusal(trouble, database) is { } refused) throw refused;
            if (PostgresTrouble.IsOfStorage(trouble)) throw PostgresTrouble.Explain(trouble, database.Name);
            throw;
        }
    }

    public ValueTask<StoreExamination> ExamineAsync(CancellationToken cancellationToken) => PostgresExamination.ReadAsync(database, cancellationToken);

    public ValueTask<OpenWork> CountOpenWorkAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            const string counts = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM pending), (SELECT count(*) FROM account WHERE intent_attempt_id IS NOT NULL)";
            var found = await connection.Command(counts).RowsAsync(row => new OpenWork(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), token).ConfigureAwait(false);
            return found.Single();
        },
        cancellationToken);

    public ValueTask<MaintenanceReport> MaintainAsync(CancellationToken cancellationToken) => maintenance.PassAsync(cancellationToken);

    /// <summary>Does what was asked for before, then closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) != 0) return;
        await maintenance.DisposeAsync().ConfigureAwait(false);
        await inbox.DisposeAsync().ConfigureAwait(false);
        await secrets.DisposeAsync().ConfigureAwait(false);
        await claims.DisposeAsync().ConfigureAwait(false);
        await journal.DisposeAsync().ConfigureAwait(false);
        await arrivals.DisposeAsync().ConfigureAwait(false);
        leases.Dispose();
        await database.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task LookAtClockAsync(NpgsqlConnection connection, DatabaseClock clock, CancellationToken cancellationToken)
    {
        var askedAt = clock.GetTimestamp();
        var told = await connection.Command("SELECT clock_timestamp()").ScalarAsync<DateTime>(cancellationToken).ConfigureAwait(false);
        if (clock.Correct(told, askedAt)) return;
        throw new StorageUnavailableException(
            $"The database server's clock says {told:u}, this machine's {clock.Machine.GetUtcNow():u}: more than {DatabaseClock.CorrectionMax} apart, and by a wrong one keys and passwords would be destroyed that are still needed. Set right the one that is wrong (NTP).", inner: null);
    }

    private static StoreRefusedException? FindRefusal(Exception trouble, PostgresDatabase database) =>
        PostgresTrouble.RefusalOf(trouble) is { } refusal ? new StoreRefusedException(refusal, PostgresTrouble.Describe(trouble, database.Name), trouble) : null;
}
