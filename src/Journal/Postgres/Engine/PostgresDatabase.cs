using System.Globalization;
using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>The connections of one store: those of the work, and apart from them, so that no load can delay a heartbeat, those of the leases.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>Connections beside those that read and append: accepting, loading, reading secrets, listening, small writes, housekeeping.</summary>
    private const int OtherConnections = 8;

    private readonly PostgresHosts work;
    private readonly PostgresHosts leases;
    private readonly SemaphoreSlim readPlaces;

    public PostgresDatabase(PostgresStoreOptions options)
    {
        Options = options;
        var given = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        Name = $"{given.Database} at {given.Host} (schema {options.Schema})";
        Sessions = $"passwordsync-{Guid.NewGuid():N}";
        readPlaces = new SemaphoreSlim(options.ReadersMax);
        work = Build(given, options.ReadersMax + options.AppendersMax + OtherConnections, options.CommandTimeout);

        // Two of them: one for the rhythm, one for whoever asks who is there. A heartbeat that took longer than this came too late anyway.
        leases = Build(given, connectionsMax: 2, TimeSpan.FromSeconds(Math.Max(1, options.Expiry.TotalSeconds / 2)));
    }

    public PostgresStoreOptions Options { get; }

    /// <summary>How people know the database.</summary>
    public string Name { get; }

    /// <summary>The name by which the server knows the sessions of this store, and no others.</summary>
    public string Sessions { get; }

    /// <summary>A connection for work; the caller disposes it.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => work.OpenAsync(cancellationToken);

    /// <summary>Runs on a connection of the work.</summary>
    /// <exception cref="Core.Ports.StorageUnavailableException">The database cannot be used now.</exception>
    public ValueTask<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken) => RunAsync(work, run, cancellationToken);

    /// <summary>Runs on a connection of the leases.</summary>
    /// <inheritdoc cref="RunAsync{T}(Func{NpgsqlConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    public ValueTask<T> RunLeaseAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken) => RunAsync(leases, run, cancellationToken);

    /// <summary>Reads on one of a bounded number of connections.</summary>
    /// <inheritdoc cref="RunAsync{T}(Func{NpgsqlConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    public async ValueTask<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await readPlaces.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAsync(work, read, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            readPlaces.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await work.DisposeAsync().ConfigureAwait(false);
        await leases.DisposeAsync().ConfigureAwait(false);
        readPlaces.Dispose();
    }

    /// <summary>Runs on a connection of the work; trouble is told as it came.</summary>
    public ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken) => UseAsync(work, run, cancellationToken);

    private async ValueTask<T> RunAsync<T>(PostgresHosts hosts, Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await UseAsync(hosts, run, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception trouble) when (PostgresTrouble.IsOfStorage(trouble))
        {
            throw PostgresTrouble.Explain(trouble, Name);
        }
    }

    private static async ValueTask<T> UseAsync<T>(PostgresHosts hosts, Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await hosts.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false)) return await ReplicatedCommits.RunAsync(connection, () => run(connection, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception trouble) when (PostgresTrouble.IsOfStorage(trouble))
        {
            hosts.Doubt();
            throw;
        }
    }

    private PostgresHosts Build(NpgsqlConnectionStringBuilder given, int connectionsMax, TimeSpan commandTimeout)
    {
        var settings = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        settings.TargetSessionAttributes = null;
        settings.ApplicationName = Sessions;
        settings.Pooling = true;
        settings.MinPoolSize = 0;
        settings.MaxPoolSize = connectionsMax;
        settings.Timeout = (int)Math.Ceiling(Options.ConnectTimeout.TotalSeconds);
        settings.CommandTimeout = (int)Math.Ceiling(commandTimeout.TotalSeconds);
        settings.CancellationTimeout = 1_000;
        settings.KeepAlive = 0;
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = 2;
        settings.TcpKeepAliveInterval = 1;
        settings.MaxAutoPrepare = 64;
        settings.AutoPrepareMinUsages = 2;
        settings.Enlist = false;
        settings.IncludeErrorDetail = false;
        settings.PersistSecurityInfo = false;

        // The session keeps the settings below: the pool must not reset them.
        settings.NoResetOnClose = true;
        return new PostgresHosts(settings, Options.Password, SessionSettings(Options));
    }

    // Whoever is frozen with a transaction open must not block a take-over: every wait of a session is shorter than the expiry. Plans are made once, and never read a
    // whole table: at the first use the tables are empty, and what is best then is bad later.
    private static string SessionSettings(PostgresStoreOptions options)
    {
        var wait = ((int)(options.Expiry / 2).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        return $"""
            SET search_path TO "{options.Schema}";
            SET lock_timeout TO {wait};
            SET idle_in_transaction_session_timeout TO {wait};
            SET tcp_user_timeout TO {wait};
            SET plan_cache_mode TO force_generic_plan;
            SET enable_seqscan TO off;
            SET enable_hashjoin TO off;
            SET enable_mergejoin TO off;
            SET jit TO off;
            SET client_min_messages TO warning;
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
            """;
    }
}
