namespace PasswordSync.Core.Ports;

/// <summary>Whether what the database confirms would survive the loss of its server.</summary>
public interface IReplication
{
    /// <summary>Looks now; a reading, which changes nothing and waits for no standby.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    ValueTask<ReplicationFinding> LookAsync(CancellationToken cancellationToken);
}

/// <summary>How the database replicates. A closed set.</summary>
public abstract record ReplicationFinding
{
    private ReplicationFinding() { }

    /// <summary>A commit is confirmed only when a standby has it, and there is one.</summary>
    /// <param name="Standbys">How many standbys count for that.</param>
    public sealed record Synchronous(int Standbys) : ReplicationFinding;

    /// <summary>Commits wait for a standby, and none is there: nothing is lost, and nothing goes on.</summary>
    public sealed record Waiting(string Reason) : ReplicationFinding;

    /// <summary>Commits are confirmed by one server alone: a fail-over loses the last of them, and epochs go back.</summary>
    /// <param name="Reason">What is set so that it is like this, and what to change.</param>
    /// <param name="Standbys">How many standbys follow all the same, and would be promoted without the last commits.</param>
    public sealed record Alone(string Reason, int Standbys) : ReplicationFinding;
}
