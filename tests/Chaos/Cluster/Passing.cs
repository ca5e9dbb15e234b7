namespace PasswordSync.Chaos.Cluster;

/// <summary>How long a trouble lasts, where that is what is tested: no wait for something to happen.</summary>
internal static class Passing
{
    public static async Task TimeAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(time > TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(1));
        await timer.WaitForNextTickAsync(cancellationToken);
    }
}
