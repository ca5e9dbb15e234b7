using System.Globalization;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Users who change their passwords again and again, one change after the other each.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource end = new();
    private readonly Task running;

    /// <param name="edge">Where they change them.</param>
    /// <param name="users">How many users.</param>
    /// <param name="pause">Between two changes of one user.</param>
    public Load(LoadingEdge edge, int users, TimeSpan pause)
    {
        Users = users;
        running = Task.WhenAll(Enumerable.Range(0, users).Select(number => ChangeAsync(edge, string.Create(CultureInfo.InvariantCulture, $"user{number}"), pause)));
    }

    /// <summary>How many users.</summary>
    public int Users { get; }

    /// <summary>No more changes; ends when each one that was begun is acknowledged.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await end.CancelAsync();
        await running.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        end.Dispose();
    }

    private async Task ChangeAsync(LoadingEdge edge, string user, TimeSpan pause)
    {
        while (!end.IsCancellationRequested)
        {
            await edge.ChangeAsync(user, CancellationToken.None);
            await Task.Delay(pause, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
