using System.Text;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Reports;

/// <summary>What the data hold, and what changed since the champion.</summary>
internal static class ReportData
{
    private const int ShownIds = 500;

    public static void Append(StringBuilder html, DataChanges? data)
    {
        if (data is null)
            return;
        html.Append("<section>\n<h2>Data</h2>\n");
        html.Append($"<p>{Slices(data.Slices)} of {ReportText.Count(data.Groups)} groups, of which {Slices(data.LockedSlices)} of {ReportText.Count(data.LockedGroups)} groups are locked: no run learns from them.</p>\n");
        html.Append(data.ChampionDataSet is { } seen
            ? $"<p class=\"note\">Since the champion, which was trained on data set {ReportText.Encode(seen)}:</p>\n"
            : "<p class=\"note\">The champion was not trained on data of this storage. To train on, all slices count as added that it is not known to have seen; locked ones are listed whether it has seen them or not, and those that it has take no part in the comparison.</p>\n");
        if (data.Changes.Count == 0)
            html.Append("<p>Nothing has changed.</p>\n");
        else
            AppendChanges(html, data.Changes);
        html.Append("</section>\n");
    }

    private static void AppendChanges(StringBuilder html, IReadOnlyList<SliceChange> changes)
    {
        html.Append("<div class=\"scroll\"><table>\n<thead><tr><th>Slices</th><th class=\"words\">Origin</th><th>To train on</th><th>Locked</th>");
        foreach (var label in Classes())
            html.Append($"<th>with {ReportText.Finding(label.Token).ToLowerInvariant()}</th>");
        html.Append("<th>without lesion</th></tr></thead>\n<tbody>\n");
        foreach (var kind in changes.GroupBy(change => (change.Kind, change.Origin)).OrderBy(kind => kind.Key.Kind).ThenBy(kind => kind.Key.Origin, StringComparer.Ordinal))
        {
            html.Append($"<tr><td>{Words(kind.Key.Kind)}</td><td class=\"words\">{ReportText.Encode(kind.Key.Origin ?? "not known")}</td><td>{kind.Count(change => !change.IsLocked)}</td><td>{kind.Count(change => change.IsLocked)}</td>");
            foreach (var label in Classes())
                html.Append($"<td>{kind.Count(change => change.ClassPixels.ElementAtOrDefault((int)label) > 0)}</td>");
            html.Append($"<td>{kind.Count(change => change.ClassPixels.Count > 0 && change.ClassPixels.Skip(1).Sum() == 0)}</td></tr>\n");
        }
        html.Append("</tbody></table></div>\n");
        html.Append($"<details><summary>Ids of the {Slices(changes.Count)}</summary>\n<p class=\"ids\">{string.Join(' ', changes.Take(ShownIds).Select(change => change.Id.ToString()))}{(changes.Count > ShownIds ? $" and {ReportText.Count(changes.Count - ShownIds)} more" : "")}</p></details>\n");
    }

    private static IEnumerable<LesionClass> Classes() => Enum.GetValues<LesionClass>().Where(label => label != LesionClass.Background);

    private static string Words(SliceChangeKind kind) => kind switch
    {
        SliceChangeKind.Added => "added",
        SliceChangeKind.Replaced => "another mask",
        _ => "removed",
    };

    private static string Slices(long count) => count == 1 ? "1 slice" : $"{ReportText.Count(count)} slices";
}
