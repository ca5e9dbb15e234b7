using System.Collections.Concurrent;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>Connections for reading, a bounded number. A read runs on the thread that asks for it; in write-ahead mode it waits for no writer.</summary>
internal sealed class SqliteReaders(SqliteStoreOptions options) : IDisposable
{
    private readonly SemaphoreSlim places = new(options.ReadersMax);
    private readonly ConcurrentBag<SqliteSession> idle = [];
    private volatile bool closed;

    /// <exception cref="Core.Ports.StorageUnavailableException">The database cannot be read now.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, typeof(SqliteStore));
        await places.WaitAsync(cancellationToken).ConfigureAwait(false);
        SqliteSession? session = null;
        try
        {
            session = idle.TryTake(out var free) ? free : SqliteSession.Open(options.Path, options.BusyTimeout, SessionUse.Reading);
            var result = read(session);
            idle.Add(session);
            session = null;
            return result;
        }
        catch (Exception trouble) when (SqliteTrouble.IsOfStorage(trouble))
        {
            throw SqliteTrouble.Explain(trouble, options.Path);
        }
        finally
        {
            // Set only if the read failed: a connection that failed is not used again.
            session?.Dispose();
            if (closed) CloseIdle();
            places.Release();
        }
    }

    /// <summary>Closes the connections that are idle; those in use close when their read ends.</summary>
    public void Dispose()
    {
        closed = true;
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (idle.TryTake(out var session)) session.Dispose();
    }
}
