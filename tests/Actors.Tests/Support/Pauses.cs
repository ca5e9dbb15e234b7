namespace PasswordSync.Actors.Tests.Support;

/// <summary>Places in handlers where the test decides when, and in which order, they go on. For one thread.</summary>
internal sealed class Pauses
{
    private readonly List<TaskCompletionSource> waiting = [];
    private bool over;

    public async ValueTask PauseAsync()
    {
        if (over) return;
        var pause = new TaskCompletionSource();
        waiting.Add(pause);
        await pause.Task;
    }

    public void ReleaseOne(Random random)
    {
        if (waiting.Count > 0) Release(random.Next(waiting.Count));
    }

    /// <summary>Releases all, and lets nobody pause any more.</summary>
    public void End()
    {
        over = true;
        while (waiting.Count > 0) Release(0);
    }

    private void Release(int index)
    {
        var pause = waiting[index];
        waiting.RemoveAt(index);
        pause.SetResult();
    }
}
