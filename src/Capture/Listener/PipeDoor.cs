using System.ComponentModel;
using System.IO.Pipes;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Capture.Listener;

/// <summary>
/// A named pipe that SYSTEM, as which LSASS runs, and the edge's own account may use, nobody else, and nobody over the network. The first instance
/// must be ours, so that nobody can stand in for the edge.
/// </summary>
/// <param name="name">Without <c>\\.\pipe\</c>.</param>
/// <param name="clientProgram">Full path of the only program whose connections are served; null for any that the access list lets in.</param>
/// <param name="logger">For clients that are turned away.</param>
[SupportedOSPlatform("windows")]
internal sealed partial class PipeDoor(string name, string? clientProgram, ILogger logger) : IHandoverDoor
{
    /// <summary>How many clients may find an instance waiting at the same moment.</summary>
    private const int InstancesWaiting = 4;

    private readonly PipeSecurity security = MakeSecurity();
    private readonly List<(NamedPipeServerStream Pipe, Task Connected)> waiting = [];
    private bool isFirst = true;

    /// <summary>Makes the first instances.</summary>
    /// <exception cref="IOException">Somebody else has made a pipe of this name.</exception>
    public void Open()
    {
        try
        {
            Fill();
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($@"The pipe '\\.\pipe\{name}' cannot be made: {exception.Message} Another edge or another program has one of this name: end that, or choose another name.", exception);
        }
    }

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Fill();
            await Task.WhenAny(waiting.Select(instance => instance.Connected)).WaitAsync(cancellationToken);
            var index = waiting.FindIndex(instance => instance.Connected.IsCompleted);
            var (pipe, connected) = waiting[index];
            waiting.RemoveAt(index);
            try
            {
                await connected;
                if (IsWelcome(pipe)) return pipe;
            }
            catch
            {
                await pipe.DisposeAsync();
                throw;
            }

            await pipe.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (pipe, _) in waiting) await pipe.DisposeAsync();
    }

    private static PipeSecurity MakeSecurity()
    {
        var security = new PipeSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        using var self = WindowsIdentity.GetCurrent();
        SecurityIdentifier[] welcome = [new(WellKnownSidType.LocalSystemSid, null), self.User!];
        foreach (var account in welcome.Distinct()) security.AddAccessRule(new PipeAccessRule(account, PipeAccessRights.FullControl, AccessControlType.Allow));
        return security;
    }

    private void Fill()
    {
        while (waiting.Count < InstancesWaiting)
        {
            var pipe = NamedPipeServerStreamAcl.Create(
                name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
                PipeOptions.Asynchronous | (isFirst ? PipeOptions.FirstPipeInstance : PipeOptions.None), inBufferSize: 0, outBufferSize: 0, security);
            isFirst = false;
            waiting.Add((pipe, pipe.WaitForConnectionAsync(CancellationToken.None)));
        }
    }

    private bool IsWelcome(NamedPipeServerStream pipe)
    {
        if (clientProgram is null) return true;
        try
        {
            var program = ClientProcess.ProgramOf(pipe.SafePipeHandle);
            if (string.Equals(program, clientProgram, StringComparison.OrdinalIgnoreCase)) return true;
            LogTurnedAway(logger, name, program, clientProgram);
        }
        catch (Win32Exception exception)
        {
            LogTurnedAway(logger, name, exception.Message, clientProgram);
        }

        return false;
    }

    [LoggerMessage(2721, LogLevel.Error, "A client of the pipe {Pipe} was turned away: it is {Program}, and only {ClientProgram} hands over passwords.")]
    private static partial void LogTurnedAway(ILogger logger, string pipe, string program, string clientProgram);
}
