using System.Globalization;
using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>The connections of one store: those of the work, and apart from them, so that no load can delay a heartbeat, those of the leases.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>Connections beside those that read and append: accepting, listening, small writes, housekeeping.</summary>
    private const int OtherConnections = 6;

    private readonly NpgsqlDataSource work;
    private readonly NpgsqlDataSource leases;
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
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => work.OpenConnectionAsync(cancellationToken);

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

    private async ValueTask<T> RunAsync<T>(NpgsqlDataSource source, Func<NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false)) return await ReplicatedCommits.RunAsync(connection, () => run(connection, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception trouble) when (PostgresTrouble.IsOfStorage(trouble))
        {
            throw PostgresTrouble.Explain(trouble, Name);
        }
    }

    private NpgsqlDataSource Build(NpgsqlConnectionStringBuilder given, int connectionsMax, TimeSpan commandTimeout)
    {
        var builder = new NpgsqlDataSourceBuilder(given.ConnectionString);
        var settings = builder.ConnectionStringBuilder;
        var hasManyHosts = settings.Host?.Contains(',', StringComparison.Ordinal) ?? false;
        settings.TargetSessionAttributes = null;
        settings.ApplicationName = Sessions;
        settings.Pooling = true;
        settings.MinPoolSize = 0;
        settings.MaxPoolSize = connectionsMax;
        settings.Timeout = 3;
        settings.CommandTimeout = (int)Math.Ceiling(commandTimeout.TotalSeconds);
        settings.CancellationTimeout = 1_000;
        settings.KeepAlive = 0;
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = 2;
        settings.TcpKeepAliveInterval = 1;
        settings.HostRecheckSeconds = 1;
        settings.MaxAutoPrepare = 64;
        settings.AutoPrepareMinUsages = 2;
        settings.Enlist = false;
        settings.IncludeErrorDetail = false;
        settings.PersistSecurityInfo = false;

        // The session keeps the settings below: the pool must not reset them.
        settings.NoResetOnClose = true;
        builder.UsePhysicalConnectionInitializer(Prepare, PrepareAsync);
        if (Options.Password is { } password)
        {
            builder.UsePasswordProvider(
                _ => throw new NotSupportedException("Internal error: connections are opened asynchronously."), async (_, token) => await password(token).ConfigureAwait(false));
        }

        return hasManyHosts ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite) : builder.Build();
    }

    private static void Prepare(NpgsqlConnection connection) => throw new NotSupportedException("Internal error: connections are opened asynchronously.");

    private async Task PrepareAsync(NpgsqlConnection connection)
    {
        var command = connection.CreateCommand();
        await using var disposing = command.ConfigureAwait(false);
#pragma warning disable CA2100 // A constant, numbers and a checked name.
        command.CommandText = SessionSettings(Options);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
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
