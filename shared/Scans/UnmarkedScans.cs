using System.Net;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;

namespace CtSeg.Scans;

/// <summary>
/// Scans that waited already when the first version with markers (<see cref="WaitingScans"/>) was put into use: they are marked page by page, once. How
/// far that has come stands in a note among the markers, so that whoever is cut off is followed by another.
/// </summary>
/// <param name="container">That of the statuses.</param>
internal sealed class UnmarkedScans(BlobContainerClient container, StatusStore statuses, int pageSize = UnmarkedScans.PageSize)
{
    // Two requests for each scan that waits: a page fits well into the time of one look.
    private const int PageSize = 100;
    private const string Through = "through";
    // What follows is where the next page begins; nothing for the first.
    private const string Next = "next ";

    /// <summary>Where all are marked, this reads the note and does nothing.</summary>
    /// <param name="isTimeUp">Asked after each page.</param>
    public async Task MarkAsync(Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var note = container.GetBlobClient(BlobPaths.MarkedScans);
        if (await ConditionalBlob.FindAsync(note, cancellationToken) is not var (content, etag))
        {
            // Programs of the version before may still write for a moment: the next run begins.
            await ConditionalBlob.TryWriteAsync(note, new BinaryData(Next), replaces: null, cancellationToken, "text/plain");
            return;
        }
        var text = content.ToString();
        while (text != Through)
        {
            text = await MarkPageAsync(BeginOf(text), cancellationToken) is { } next ? Next + next : Through;
            // Another run that goes on with it knows better.
            if (await ConditionalBlob.TryWriteAsync(note, new BinaryData(text), etag, cancellationToken, "text/plain") is not { } written || isTimeUp())
                return;
            etag = written.ETag;
        }
    }

    // A note that somebody else wrote is understood as the first page: to mark twice does no harm.
    private static string BeginOf(string note) => note.StartsWith(Next, StringComparison.Ordinal) ? note[Next.Length..] : "";

    /// <returns>Where the next page begins; null where this was the last.</returns>
    private async Task<string?> MarkPageAsync(string begin, CancellationToken cancellationToken)
    {
        ScanPage page;
        try
        {
            page = await statuses.ListPageAsync(pageSize, begin.Length > 0 ? begin : null, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.BadRequest && begin.Length > 0)
        {
            // Storage does not know its own word any more: from the first page again.
            return "";
        }
        foreach (var scan in page.Scans.Where(scan => scan.State is not (ScanState.Completed or ScanState.Failed)))
            await MarkAsync(scan, cancellationToken);
        return page.Continuation;
    }

    private async Task MarkAsync(ScanListing scan, CancellationToken cancellationToken)
    {
        try
        {
            if ((await statuses.FindAsync(scan.ScanId, cancellationToken))?.Status is { IsTerminal: false } waits)
                await statuses.Waiting.TryAddAsync(waits, cancellationToken);
        }
        catch (JsonException)
        {
            // Whoever looks at it will say so.
            await statuses.Waiting.TryAddAsync(scan.ScanId, scan.Replays, scan.LastChange, cancellationToken);
        }
    }
}
