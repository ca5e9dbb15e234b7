using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace PasswordSync.Architecture.Tests;

public sealed class SolutionRules
{
    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("PasswordSync.sln").Replace('\\', '/');

        Projects.All.Where(project => !solution.Contains($"\"{project.File}\"", StringComparison.Ordinal)).ShouldBeEmpty("dotnet sln add them.");
    }

    [Fact]
    public void Every_project_has_a_lock_file() =>
        Projects.All.Where(project => !Repository.Exists($"{Path.GetDirectoryName(project.File)}/packages.lock.json")).ShouldBeEmpty("dotnet restore writes it; commit it.");

    [Fact]
    public void Versions_of_packages_are_written_in_one_place() =>
        Projects.All.SelectMany(project => project.PackagesWithOwnVersion.Select(package => $"{project}: {package}")).ShouldBeEmpty();

    [Fact]
    public void Packages_are_sorted_and_each_is_used()
    {
        var packages = XDocument.Parse(Repository.Read("Directory.Packages.props"))
            .Descendants("PackageVersion").Select(element => element.Attribute("Include")!.Value).ToList();

        packages.ShouldBe(packages.Order(StringComparer.OrdinalIgnoreCase));
        // A package that only other packages need is listed where its version had to be chosen: lock files call it central.
        var locked = Projects.All.Select(project => Repository.Read($"{Path.GetDirectoryName(project.File)}/packages.lock.json")).ToList();
        packages.Except(Projects.All.SelectMany(project => project.Packages))
            .Where(package => !locked.Any(text => text.Contains($"\"{package}\": {{\n        \"type\": \"CentralTransitive\"", StringComparison.Ordinal)))
            .ShouldBeEmpty("no project uses them, nor a package that a project uses: remove them.");
    }

    /// <summary>Else their figures would be of another program than the one that people run.</summary>
    [Fact]
    public void Benches_collect_garbage_as_a_sync_server_does()
    {
        var own = CollectorOf("src/Nodes/SyncNode/SyncNode.csproj");
        own.Server.ShouldBe("true");

        var benches = Projects.All.Select(project => project.File).Where(file => file.StartsWith("bench/", StringComparison.Ordinal)).ToList();
        benches.ShouldNotBeEmpty();
        benches.Where(file => CollectorOf(file) != own).ShouldBeEmpty();

        static (string? Server, string? Concurrent) CollectorOf(string file)
        {
            var project = XDocument.Parse(Repository.Read(file));
            return (project.Descendants("ServerGarbageCollection").SingleOrDefault()?.Value, project.Descendants("ConcurrentGarbageCollection").SingleOrDefault()?.Value);
        }
    }

    [Fact]
    public void Scripts_can_be_executed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no executable bit.");
        if (OperatingSystem.IsWindows()) return;
        foreach (var script in (string[])["test.sh", "lab.sh", ".ci/run"])
            File.GetUnixFileMode(Path.Combine(Repository.Root, script)).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue(script);
    }
}
