using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.Capture.Listener;

/// <summary>Takes the files that the hook drops when the edge does not answer in time: docs/spec/handover.md, "Drop folder".</summary>
public sealed partial class DropFolder(ListenerOptions options, CaptureIntake intake, IAlarmSink alarms, TimeProvider time, ILogger<DropFolder> logger) : IDisposable
{
    private const string CaptureSuffix = ".capture";
    private const string RefusedSuffix = ".refused";
    private const string UnfinishedSuffix = ".tmp";

    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly WakeUp changed = new();
    private readonly Lock gate = new();
    private Task<DrainResult>? waiting;
    private EdgeAlarm.DropFolderBroken? told;

    /// <summary>Looks at once, whenever the folder changes, and every interval, until cancelled. The folder is made if it is not there.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var watcher = Watch();
            while (true)
            {
                await DrainAsync(cancellationToken);
                DeleteUnfinished();
                await changed.WaitAsync(options.DropInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    /// <summary>
    /// Takes every file that is in the folder now. When the task ends, a capture dropped before the call is in the spool and observed, or its account
    /// is among those left behind. Callers that come while one look is under way share the next.
    /// </summary>
    public Task<DrainResult> DrainAsync(CancellationToken cancellationToken)
    {
        lock (gate) return (waiting ??= Task.Run(DrainNextAsync, CancellationToken.None)).WaitAsync(cancellationToken);
    }

    public void Dispose() => oneAtATime.Dispose();

    private async Task<DrainResult> DrainNextAsync()
    {
        await oneAtATime.WaitAsync(CancellationToken.None);
        try
        {
            lock (gate) waiting = null;
            return await TakeAllAsync();
        }
        finally
        {
            // Also after a failure: the next look must not wait for ever.
            oneAtATime.Release();
        }
    }

    private async Task<DrainResult> TakeAllAsync()
    {
        List<string> paths;
        try
        {
            paths = [.. Directory.EnumerateFiles(options.DropFolder, "*" + CaptureSuffix)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell(new EdgeAlarm.DropFolderBroken(options.DropFolder, exception.Message));
            return DrainResult.Unknown;
        }

        var left = new List<Leftover>();
        await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = options.DropFilesAtOnce }, async (path, cancellationToken) =>
        {
            if (await TakeAsync(path, cancellationToken) is not { } leftover) return;
            lock (left) left.Add(leftover);
        });
        Tell(left.Select(leftover => leftover.Trouble).OfType<EdgeAlarm.DropFolderBroken>().MinBy(trouble => trouble.Folder, StringComparer.Ordinal));
        return left.Count == 0 ? DrainResult.Complete : new DrainResult(left.Select(leftover => leftover.Account).OfType<AccountKey>().ToHashSet(), left.Max(leftover => leftover.UnreadUntil));
    }

    /// <returns>What stays in the folder; null if nothing of the file is left to do.</returns>
    private async ValueTask<Leftover?> TakeAsync(string path, CancellationToken cancellationToken)
    {
        byte[]? envelope = null;
        TakeResult? taken = null;
        try
        {
            envelope = await ReadAsync(path, cancellationToken);
            taken = await intake.TakeAsync(envelope, $"file '{Path.GetFileName(path)}'", cancellationToken);
            switch (taken)
            {
                case TakeResult.Taken:
                    File.Delete(path);
                    return null;
                case TakeResult.Malformed:
                    File.Move(path, path + RefusedSuffix, overwrite: true);
                    return null;
                default:
                    return new Leftover(AccountOf(envelope), UnreadUntil: null, Trouble: null);
            }
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var trouble = new EdgeAlarm.DropFolderBroken(path, exception.Message);
            if (envelope is null) return new Leftover(Account: null, WrittenAt(path), trouble);

            // Once the intake has answered, only the file is in the way: the capture is in the spool, or is none.
            return new Leftover(taken is null ? AccountOf(envelope) : null, UnreadUntil: null, trouble);
        }
    }

    // The hook writes the file after the capture's own time. Of one that is not there any more nothing is known: with its folder it may be elsewhere.
    private static DateTimeOffset WrittenAt(string path)
    {
        try
        {
            var writtenAt = File.GetLastWriteTimeUtc(path);
            return File.Exists(path) ? writtenAt : DateTimeOffset.MaxValue;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return DateTimeOffset.MaxValue;
        }
    }

    /// <summary>Tells of trouble once, as long as it is the same.</summary>
    private void Tell(EdgeAlarm.DropFolderBroken? trouble)
    {
        if (trouble is null) alarms.Clear<EdgeAlarm.DropFolderBroken>();
        else alarms.Raise(trouble);
        if (trouble is not null && trouble != told) LogBroken(logger, trouble.Folder, trouble.Reason);
        told = trouble;
    }

    /// <summary>Reads the file, or as much of it as shows that it is too long.</summary>
    private static async Task<byte[]> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = new byte[Envelope.LengthMax + 1];
        await using var file = new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer[..length];
    }

    private static AccountKey? AccountOf(byte[] envelope) =>
        Envelope.TryReadDescription(envelope, out var description, out _, out _) ? AccountKey.Of(description.AccountName, description.RelativeId) : null;

    private void DeleteUnfinished()
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(options.DropFolder, ".*" + UnfinishedSuffix))
            {
                if (time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < options.UnfinishedFileAge) continue;
                LogUnfinished(logger, Path.GetFileName(path), options.UnfinishedFileAge);
                File.Delete(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogBroken(logger, options.DropFolder, exception.Message);
        }
    }

    private FileSystemWatcher? Watch()
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(options.DropFolder);
            else Directory.CreateDirectory(options.DropFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var watcher = new FileSystemWatcher(options.DropFolder, "*" + CaptureSuffix) { NotifyFilter = NotifyFilters.FileName };
            watcher.Renamed += (_, _) => changed.Signal();
            watcher.Created += (_, _) => changed.Signal();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Without notice of changes the interval still finds every file.
            LogNotWatched(logger, options.DropFolder, exception.Message);
            return null;
        }
    }

    /// <param name="Account">Whose capture it holds; null if that is not known, or does not matter.</param>
    /// <param name="UnreadUntil">When it was written, if it could not be read.</param>
    /// <param name="Trouble">Why it stays; null if the spool is why, which tells of that itself.</param>
    private sealed record Leftover(AccountKey? Account, DateTimeOffset? UnreadUntil, EdgeAlarm.DropFolderBroken? Trouble);

    [LoggerMessage(EventId = 5021, Level = LogLevel.Error, Message = "Drop folder: {Path} cannot be worked: {Reason}")]
    private static partial void LogBroken(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 5022, Level = LogLevel.Warning, Message = "Drop folder {Folder} is not watched, only looked at from time to time: {Reason}")]
    private static partial void LogNotWatched(ILogger logger, string folder, string reason);

    [LoggerMessage(EventId = 5023, Level = LogLevel.Warning, Message = "Dropped file {Name} was never finished and is deleted after {Age}")]
    private static partial void LogUnfinished(ILogger logger, string name, TimeSpan age);
}
