using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.Capture.Listener;

/// <summary>What a look into the drop folder left there.</summary>
/// <param name="LeftBehind">Accounts of captures that the spool could not take: nothing may be concluded from their absence.</param>
public sealed record DrainResult(IReadOnlySet<AccountKey> LeftBehind)
{
    public static readonly DrainResult Complete = new(new HashSet<AccountKey>());
}

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
            alarms.Clear<EdgeAlarm.DropFolderBroken>();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogBroken(logger, options.DropFolder, exception.Message);
            alarms.Raise(new EdgeAlarm.DropFolderBroken(options.DropFolder, exception.Message));
            return DrainResult.Complete;
        }

        if (paths.Count == 0) return DrainResult.Complete;
        var leftBehind = new HashSet<AccountKey>();
        await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = options.DropFilesAtOnce }, async (path, cancellationToken) =>
        {
            if (await TakeAsync(path, cancellationToken) is not { } account) return;
            lock (leftBehind) leftBehind.Add(account);
        });
        return leftBehind.Count == 0 ? DrainResult.Complete : new DrainResult(leftBehind);
    }

    /// <returns>The account of a capture that stays in the folder; null if nothing of the file is left to do.</returns>
    private async ValueTask<AccountKey?> TakeAsync(string path, CancellationToken cancellationToken)
    {
        byte[]? envelope = null;
        try
        {
            envelope = await ReadAsync(path, cancellationToken);
            switch (await intake.TakeAsync(envelope, $"file '{Path.GetFileName(path)}'", cancellationToken))
            {
                case TakeResult.Taken:
                    File.Delete(path);
                    return null;
                case TakeResult.Malformed:
                    File.Move(path, path + RefusedSuffix, overwrite: true);
                    return null;
                default:
                    return AccountOf(envelope);
            }
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogBroken(logger, path, exception.Message);
            alarms.Raise(new EdgeAlarm.DropFolderBroken(path, exception.Message));
            return envelope is null ? null : AccountOf(envelope);
        }
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

    [LoggerMessage(EventId = 5021, Level = LogLevel.Error, Message = "Drop folder: {Path} cannot be worked: {Reason}")]
    private static partial void LogBroken(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 5022, Level = LogLevel.Warning, Message = "Drop folder {Folder} is not watched, only looked at from time to time: {Reason}")]
    private static partial void LogNotWatched(ILogger logger, string folder, string reason);

    [LoggerMessage(EventId = 5023, Level = LogLevel.Warning, Message = "Dropped file {Name} was never finished and is deleted after {Age}")]
    private static partial void LogUnfinished(ILogger logger, string name, TimeSpan age);
}
