namespace PasswordSync.SyncNode.Cluster;

/// <summary>An operator's wish that this node leaves the cluster: the host hears of it and ends the node as at any stop, which hands its shards over at once.</summary>
internal sealed partial class Departure(ILogger<Departure> logger)
{
    private readonly TaskCompletionSource requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it is wished.</summary>
    public Task Requested => requested.Task;

    public void Request(string by)
    {
        if (requested.TrySetResult()) LogRequested(by);
    }

    [LoggerMessage(4052, LogLevel.Information, "Operator {Operator} lets this node leave the cluster: it ends now.")]
    private partial void LogRequested(string @operator);
}
