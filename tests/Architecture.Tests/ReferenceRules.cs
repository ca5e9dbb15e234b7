using Shouldly;
using Xunit;

namespace PasswordSync.Architecture.Tests;

/// <summary>"References go one way": docs/ARCHITECTURE.md.</summary>
public sealed class ReferenceRules
{
    private const string Nodes = "Nodes/";

    /// <summary>What each project below src/ may reference. A node may reference everything but other nodes.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Core"] = [],
        ["Sealing"] = [],
        ["Ldap"] = [],
        ["Journal"] = ["Core"],
        ["Actors"] = ["Core"],
        ["Providers.Abstractions"] = [],
        ["Providers.Conformance"] = ["Providers.Abstractions"],
        ["Providers"] = ["Core", "Ldap", "Providers.Abstractions"],
        ["Capture"] = ["Core", "Sealing", "Ldap"],
        ["Nodes/Hosting"] = ["Core"],
        ["Nodes/EdgeNode"] = ["Core", "Sealing", "Ldap", "Capture", "Nodes/Hosting"],
        ["Nodes/SyncNode"] = ["Core", "Sealing", "Ldap", "Journal", "Actors", "Providers", "Capture", "Nodes/Hosting"],
        ["Nodes/Pbm"] = ["Core"],
        ["Nodes/Demo"] = ["Core", "Sealing", "Ldap", "Journal", "Actors", "Providers", "Capture", "Nodes/Hosting", "Nodes/SyncNode", "Nodes/EdgeNode"],
    };

    public static TheoryData<string> ProductProjects => new(Projects.OfProduct.Select(project => project.Name));

    [Theory, MemberData(nameof(ProductProjects))]
    public void A_project_references_only_what_the_architecture_allows(string project)
    {
        Allowed.ShouldContainKey(project, $"{project} is new: say in docs/ARCHITECTURE.md and in {nameof(ReferenceRules)} what it may reference.");
        Projects.Named(project).References.Except(Allowed[project]).ShouldBeEmpty($"{project} may reference {string.Join(", ", Allowed[project])} only.");
    }

    [Fact]
    public void An_edge_carries_only_what_a_domain_controller_should_run() =>
        Projects.CarriedBy("Nodes/EdgeNode").ShouldBe(["Core", "Sealing", "Ldap", "Capture", "Nodes/Hosting"], ignoreOrder: true);

    [Fact]
    public void Nobody_in_the_product_but_the_demo_references_a_node() =>
        Projects.OfProduct
            .Where(project => project.Name != "Nodes/Demo")
            .SelectMany(project => project.References.Where(reference => reference.StartsWith(Nodes, StringComparison.Ordinal) && reference != "Nodes/Hosting")
                .Select(reference => $"{project} references {reference}"))
            .ShouldBeEmpty();

    [Fact]
    public void Nobody_in_the_product_references_tests() =>
        Projects.OfProduct.Where(project => Repository.Read(project.File).Contains("tests/", StringComparison.Ordinal)).ShouldBeEmpty();
}
