"""Reading tables: any spreadsheet or text file -> sheets of cells -> rows under known headings. The lowest feature: it knows no business."""
