using System.CommandLine;

namespace PasswordSync.EdgeNode.Commands;

/// <summary><c>run</c>: the edge, until it is told to stop.</summary>
internal static class RunCommand
{
    public static Command Create() => throw new InvalidOperationException();
}
