using System.Xml.Linq;

namespace PasswordSync.Architecture.Tests;

/// <summary>A project file, as written: what MSBuild adds to it by itself is not of interest here.</summary>
/// <param name="File">Path from the root of the repository.</param>
internal sealed record Project(string File)
{
    private XDocument Document => XDocument.Parse(Repository.Read(File));

    /// <summary>Such as <c>Core</c> or <c>Nodes/SyncNode</c>: the folder below src/ or tests/.</summary>
    public string Name => File[(File.IndexOf('/') + 1)..File.LastIndexOf('/')];

    /// <summary>Names of the projects it references directly.</summary>
    public IReadOnlyList<string> References =>
        [.. Included("ProjectReference").Select(path => Projects.At(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, File, "..", path.Replace('\\', '/'))))).Name)];

    public IReadOnlyList<string> Packages => [.. Included("PackageReference")];

    public IReadOnlyList<string> AdditionalFiles => [.. Included("AdditionalFiles")];

    /// <summary>Package references that name a version, which only Directory.Packages.props may.</summary>
    public IReadOnlyList<string> PackagesWithOwnVersion =>
        [.. Document.Descendants("PackageReference")
            .Where(element => element.Attribute("Version") is not null || element.Attribute("VersionOverride") is not null)
            .Select(element => element.Attribute("Include")!.Value)];

    public override string ToString() => Name;

    private IEnumerable<string> Included(string element) => Document.Descendants(element).Select(item => item.Attribute("Include")!.Value);
}

internal static class Projects
{
    public static IReadOnlyList<Project> All { get; } = [.. Repository.FilesIn("", ".csproj").Select(file => new Project(file))];

    public static IEnumerable<Project> OfProduct => All.Where(project => project.File.StartsWith("src/", StringComparison.Ordinal));

    public static Project At(string file) => All.Single(project => project.File == file.Replace('\\', '/'));

    public static Project Named(string name) => OfProduct.Single(project => project.Name == name);

    /// <summary>Everything of the product that a project brings along, directly or not.</summary>
    public static IReadOnlySet<string> CarriedBy(string name)
    {
        var carried = new HashSet<string>();
        var open = new Queue<string>(Named(name).References);
        while (open.TryDequeue(out var next))
        {
            if (!carried.Add(next)) continue;
            foreach (var further in Named(next).References) open.Enqueue(further);
        }

        return carried;
    }
}
