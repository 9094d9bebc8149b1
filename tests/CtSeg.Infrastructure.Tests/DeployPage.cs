using System.Text.RegularExpressions;
using CtSeg.Local.Stack;

namespace CtSeg.Infrastructure.Tests;

/// <summary>docs/deploy.md.</summary>
internal static partial class DeployPage
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Checkout.Find().Root, "docs", "deploy.md"));

    /// <value>Names in the first column of the table of variables: what whoever deploys may set.</value>
    public static IReadOnlyList<string> Variables { get; } = [.. Row().Matches(Text).Select(match => match.Groups["name"].Value)];

    [GeneratedRegex(@"^\| `(?<name>(AZURE|CTSEG)_[A-Z_]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Row();
}
