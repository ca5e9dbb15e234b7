using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>Projects of the solution, published for Windows with their runtime.</summary>
[SupportedOSPlatform("linux")]
internal static class WindowsPublish
{
    /// <summary>One at a time: two at once would build the same libraries into the same place.</summary>
    private static readonly SemaphoreSlim Publishing = new(1);

    private static readonly HashSet<string> Published = [];

    /// <summary>Publishes a project, once; gives the folder of its program.</summary>
    /// <param name="project">Its folder below the root of the sources.</param>
    public static async Task<string> MakeAsync(string project)
    {
        var folder = Path.Combine(NativeBuild.Folder("windows"), "publish", Path.GetFileName(project), "release_win-x64");
        await Publishing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (Published.Contains(project)) return folder;
            // What an earlier publish left must not stand in for what this one leaves out.
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            var end = await ProcessRun.RunAsync(
                "dotnet", ["publish", Path.Combine(NativeBuild.Sources, "..", "..", project), "-r", "win-x64", "--self-contained", "--artifacts-path", NativeBuild.Folder("windows"), "-v", "quiet", "-nologo"],
                default, environment: null, TestContext.Current.CancellationToken);
            end.ExitCode.ShouldBe(0, end.Output + end.Error);
            Published.Add(project);
            return folder;
        }
        finally
        {
            Publishing.Release();
        }
    }
}
