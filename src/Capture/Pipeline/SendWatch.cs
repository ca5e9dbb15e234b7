using PasswordSync.Capture.Health;

namespace PasswordSync.Capture.Pipeline;

/// <summary>Notices that nothing is answered although something waits.</summary>
internal sealed class SendWatch(TimeSpan answerWithin, IAlarmSink alarms, TimeProvider time)
{
    private readonly Lock gate = new();
    private int waiting;
    private DateTimeOffset quietSince;

    /// <summary>Something is sent; disposing of the result tells that it is over.</summary>
    public IDisposable Begin()
    {
        lock (gate)
        {
            if (waiting++ == 0) quietSince = time.GetUtcNow();
        }

        return new Sending(this);
    }

    /// <summary>Raises the alarm if it is due.</summary>
    public void Look()
    {
        int now;
        lock (gate)
        {
            if (waiting == 0 || time.GetUtcNow() - quietSince < answerWithin) return;
            now = waiting;
        }

        alarms.Raise(new EdgeAlarm.NoNodeAnswers(now, $"nothing was answered for {answerWithin}."));
    }

    private void End()
    {
        lock (gate)
        {
            waiting--;
            quietSince = time.GetUtcNow();
        }

        alarms.Clear<EdgeAlarm.NoNodeAnswers>();
    }

    private sealed class Sending(SendWatch owner) : IDisposable
    {
        public void Dispose() => owner.End();
    }
}
