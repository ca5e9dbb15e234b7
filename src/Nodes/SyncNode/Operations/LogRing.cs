using System.Globalization;
using System.Threading.Channels;

namespace PasswordSync.SyncNode.Operations;

/// <summary>The last lines of the log, in memory, for operators who look from afar. What it keeps is what the log has: no secret.</summary>
public sealed class LogRing(TimeProvider clock)
{
    /// <summary>How many lines are kept.</summary>
    public const int LinesMax = 5_000;

    /// <summary>How many lines wait for one who follows; beyond it the oldest are left out.</summary>
    public const int FollowersBehindMax = 2_000;

    /// <summary>How many follow at once.</summary>
    public const int FollowersMax = 32;

    private readonly Lock gate = new();
    private readonly Queue<LogLine> lines = new();
    private readonly List<Channel<LogLine>> followers = [];

    /// <summary>The least level that is kept.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>A factory that keeps lines here and passes them on.</summary>
    public ILoggerFactory Around(ILoggerFactory inner) => new Factory(this, inner);

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<LogLine> Last(int count, LogLevel least)
    {
        lock (gate) return [.. lines.Where(line => line.Level >= least).TakeLast(count)];
    }

    /// <summary>Lines as they come, until cancelled; null if too many follow already.</summary>
    public ChannelReader<LogLine>? Follow(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(FollowersBehindMax) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (gate)
        {
            if (followers.Count >= FollowersMax) return null;
            followers.Add(channel);
        }

        cancellationToken.Register(() =>
        {
            lock (gate) followers.Remove(channel);
            channel.Writer.TryComplete();
        });
        return channel.Reader;
    }

    private void Add(LogLine line)
    {
        lock (gate)
        {
            lines.Enqueue(line);
            if (lines.Count > LinesMax) lines.Dequeue();
            foreach (var follower in followers) follower.Writer.TryWrite(line);
        }
    }

    private sealed class Factory(LogRing ring, ILoggerFactory inner) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public ILogger CreateLogger(string categoryName) => new Logger(ring, inner.CreateLogger(categoryName), categoryName);

        // The inner one is its maker's.
        public void Dispose()
        {
        }
    }

    private sealed class Logger(LogRing ring, ILogger inner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => Keeps(logLevel) || inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Keeps(logLevel)) ring.Add(new LogLine(ring.Now, logLevel, eventId.Id, category, formatter(state, exception)));
            if (inner.IsEnabled(logLevel)) inner.Log(logLevel, eventId, state, exception, formatter);
        }

        // The web server's own chatter is not what operators look for.
        private bool Keeps(LogLevel level) => level >= ring.Level && (level >= LogLevel.Warning || !category.StartsWith("Microsoft.", StringComparison.Ordinal));
    }

    private DateTimeOffset Now => clock.GetUtcNow();
}

/// <summary>A line of the log.</summary>
/// <param name="At">When.</param>
/// <param name="Level">How grave.</param>
/// <param name="EventId">Its number in the catalogue of events.</param>
/// <param name="Category">Which part logged it.</param>
/// <param name="Text">What it says.</param>
public sealed record LogLine(DateTimeOffset At, LogLevel Level, int EventId, string Category, string Text)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At:O} {Level} {EventId} {Category}: {Text}");
}
