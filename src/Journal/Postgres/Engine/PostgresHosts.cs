using System.Collections.Immutable;
using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>
/// The servers of a connection string, of which one accepts writes. It is kept as long as it works; after trouble all are asked at once, and the first that accepts writes is
/// used. (Npgsql's own choice asks one after the other, and asks a silent server again and again: each time for as long as a lease lasts.)
/// </summary>
internal sealed class PostgresHosts : IAsyncDisposable
{
    /// <summary>The state of an error of PostgreSQL: it does not accept writes.</summary>
    private const string ReadOnly = "25006";

    private readonly ImmutableArray<NpgsqlDataSource> hosts;
    private volatile NpgsqlDataSource? chosen;

    /// <param name="settings">The connection string; hosts with commas.</param>
    /// <param name="password">Gives the password; null where none is needed.</param>
    /// <param name="prepare">What each new session is set to.</param>
    public PostgresHosts(NpgsqlConnectionStringBuilder settings, Func<CancellationToken, ValueTask<string>>? password, string prepare)
    {
        hosts = [.. settings.Host!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(host => Build(settings, host, password, prepare))];
        if (hosts is [var only]) chosen = only;
    }

    /// <summary>A connection to the server that accepts writes; the caller disposes it.</summary>
    /// <exception cref="NpgsqlException">None does, or none answers.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (chosen is { } known)
        {
            try
            {
                return await known.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception trouble) when (hosts.Length > 1 && PostgresTrouble.IsOfStorage(trouble))
            {
                chosen = null;
            }
        }

        return await ChooseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>After trouble with a connection: all are asked again.</summary>
    public void Doubt()
    {
        if (hosts.Length > 1) chosen = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts) await host.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<NpgsqlConnection> ChooseAsync(CancellationToken cancellationToken)
    {
        var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = hosts.Select(host => (Host: host, Opening: host.OpenConnectionAsync(late.Token).AsTask())).ToList();
        var failed = new List<Task<NpgsqlConnection>>();
        try
        {
            while (true)
            {
                var first = await Task.WhenAny(asked.Select(entry => entry.Opening)).ConfigureAwait(false);
                var entry = asked.Single(entry => entry.Opening == first);
                asked.Remove(entry);
                if (!first.IsCompletedSuccessfully)
                {
                    failed.Add(first);
                    if (asked.Count > 0) continue;
                    ThrowIfSomeRefused(failed);
                }

                var connection = await first.ConfigureAwait(false);
                chosen = entry.Host;
                return connection;
            }
        }
        finally
        {
            _ = LeaveAsync([.. asked.Select(entry => entry.Opening)], late);
        }
    }

    // A refusal is the answer only if all refuse: as long as one is away or accepts no writes, such as while they fail over, that one may let the node in.
    private static void ThrowIfSomeRefused(IEnumerable<Task<NpgsqlConnection>> failed)
    {
        var troubles = failed.Where(opening => opening.IsFaulted).Select(opening => opening.Exception!.InnerException!).Where(PostgresTrouble.IsOfStorage).ToLookup(trouble => PostgresTrouble.RefusalOf(trouble) is not null);
        if (troubles[true].FirstOrDefault() is { } refused && troubles[false].FirstOrDefault() is { } other) throw PostgresTrouble.OfServers(refused, other);
    }

    // Whoever answers after the choice is not waited for; its connection goes back to its pool.
    private static async Task LeaveAsync(IEnumerable<Task<NpgsqlConnection>> openings, CancellationTokenSource late)
    {
        await late.CancelAsync().ConfigureAwait(false);
        foreach (var opening in openings)
        {
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully) await opening.Result.DisposeAsync().ConfigureAwait(false);
        }

        late.Dispose();
    }

    private static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, string host, Func<CancellationToken, ValueTask<string>>? password, string prepare)
    {
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        var (name, port) = Split(host);
        builder.ConnectionStringBuilder.Host = name;
        if (port is { } own) builder.ConnectionStringBuilder.Port = own;
        builder.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("Internal error: connections are opened asynchronously."),
            connection => PrepareAsync(connection, prepare));
        if (password is not null)
        {
            builder.UsePasswordProvider(
                _ => throw new NotSupportedException("Internal error: connections are opened asynchronously."), async (_, token) => await password(token).ConfigureAwait(false));
        }

        return builder.Build();
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, string prepare)
    {
        ServerVersion.Require(connection);
        const string standby = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean";
        if (await connection.Command(standby).ScalarAsync<bool>(CancellationToken.None).ConfigureAwait(false)) throw new PostgresException("the server is a standby or set to read only", "ERROR", "ERROR", ReadOnly);
        await connection.Command(prepare).ExecuteAsync(CancellationToken.None).ConfigureAwait(false);
    }

    // As Npgsql has it: NAME, NAME:PORT, [IPV6]:PORT, or a folder with a socket, which has no colon.
    private static (string Name, int? Port) Split(string host)
    {
        var colon = host.LastIndexOf(':');
        var isPort = colon > 0 && !host.StartsWith('/') && (host.IndexOf(':', StringComparison.Ordinal) == colon || host[colon - 1] == ']') && int.TryParse(host.AsSpan(colon + 1), out _);
        return isPort ? (host[..colon].Trim('[', ']'), int.Parse(host.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture)) : (host, null);
    }
}
