"""Reading tables: any spreadsheet or text file -> cells -> rows under known headings. The lowest feature; no business."""
